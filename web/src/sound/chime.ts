// The tune to hear whether one hears: on a loudspeaker of one's choice, in
// every browser that lets one choose, and with an end to wait for.

import { rate, render } from './render.ts'
import { scores } from './scores.ts'

/** chime plays it on a loudspeaker, and resolves when it has faded. */
export async function chime(speaker: string): Promise<void> {
  const context = new AudioContext()
  const out = new Audio()
  try {
    const samples = render(scores.test)
    const buffer = context.createBuffer(1, samples.length, rate)
    buffer.copyToChannel(samples, 0)
    const source = new AudioBufferSourceNode(context, { buffer })
    const ends = context.createMediaStreamDestination()
    source.connect(ends)
    out.srcObject = ends.stream
    // A loudspeaker that is gone: the sound comes from the system's own.
    if (speaker !== '' && 'setSinkId' in out) await out.setSinkId(speaker).catch(() => undefined)
    await Promise.all([context.resume(), out.play()])
    source.start()
    await new Promise((done) => setTimeout(done, scores.test.seconds * 1000))
  } finally {
    out.srcObject = null
    void context.close()
  }
}
