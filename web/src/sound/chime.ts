// Three soft notes, to hear whether one hears.

const notes = [523.25, 659.26, 783.99]
const step = 0.28
const ring = 0.9

/** chime plays them on a loudspeaker, and resolves when they have faded. */
export async function chime(speaker: string): Promise<void> {
  const context = new AudioContext()
  const out = new Audio()
  try {
    const ends = context.createMediaStreamDestination()
    notes.forEach((frequency, i) => {
      const at = context.currentTime + 0.05 + i * step
      const tone = new OscillatorNode(context, { frequency, type: 'sine' })
      const loud = new GainNode(context, { gain: 0 })
      loud.gain.setValueAtTime(0, at)
      loud.gain.linearRampToValueAtTime(0.22, at + 0.02)
      loud.gain.exponentialRampToValueAtTime(0.001, at + ring)
      tone.connect(loud).connect(ends)
      tone.start(at)
      tone.stop(at + ring)
    })
    out.srcObject = ends.stream
    // A loudspeaker that is gone: the sound comes from the system's own.
    if (speaker !== '' && 'setSinkId' in out) await out.setSinkId(speaker).catch(() => undefined)
    await Promise.all([context.resume(), out.play()])
    await new Promise((done) => setTimeout(done, (notes.length - 1) * step * 1000 + ring * 1000))
  } finally {
    out.srcObject = null
    void context.close()
  }
}
