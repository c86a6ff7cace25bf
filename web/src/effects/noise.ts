// Takes steady noise out of the microphone's sound, on this device.

import { type Effect } from '@ringfence/sdk'

import { type Asked, type Told } from './messages.ts'
import { trustedScript } from '../trusted-types.ts'

/** How long the sound may take to start before the call goes on with it as it is. */
const patience = 8_000

/** The filter is compiled beside the page, where it holds nothing up, and goes to the audio thread by a way of its own. */
function compile(to: MessagePort): Worker {
  const worker = new Worker(trustedScript('/effects.js'), { type: 'module' })
  worker.postMessage({ ask: 'noise', to } satisfies Asked, [to])
  return worker
}

/** RNNoise hears 48 kHz. Where a browser can't give that, it hears its own rate, and does nearly as well. */
function contextFor(stream: MediaStream): [AudioContext, MediaStreamAudioSourceNode] {
  const wanted = new AudioContext({ sampleRate: 48_000, latencyHint: 'interactive' })
  try {
    return [wanted, wanted.createMediaStreamSource(stream)]
  } catch {
    void wanted.close()
    const own = new AudioContext({ latencyHint: 'interactive' })
    return [own, own.createMediaStreamSource(stream)]
  }
}

const within = <T>(promise: Promise<T>): Promise<T> =>
  Promise.race([promise, new Promise<never>((_, reject) => setTimeout(() => reject(new Error('no sound in time')), patience))])

/** quietNoise is the effect. */
export const quietNoise: Effect = async (track) => {
  const [context, source] = contextFor(new MediaStream([track]))
  try {
    await within(Promise.all([context.audioWorklet.addModule(trustedScript('/noise.js')), context.resume()]))
    const noise = new AudioWorkletNode(context, 'ringfence-noise', {
      numberOfInputs: 1, numberOfOutputs: 1, outputChannelCount: [1], channelCount: 1, channelCountMode: 'explicit',
    })
    const { port1, port2 } = new MessageChannel()
    noise.port.postMessage(port1, [port1])
    const worker = compile(port2)
    const ready = new Promise<void>((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(why))
      noise.onprocessorerror = () => fail('the noise filter failed')
      worker.onerror = () => fail('the script of the effects did not load')
      worker.onmessage = ({ data }: MessageEvent<Told>) => fail(data.tell === 'failed' ? data.why : data.tell)
      noise.port.onmessage = ({ data }: MessageEvent<string>) => (data === 'ready' ? resolve() : fail(data))
    })
    await within(ready).finally(() => worker.terminate())
    const out = context.createMediaStreamDestination()
    source.connect(noise).connect(out)
    const [processed] = out.stream.getAudioTracks()
    if (processed === undefined) throw new Error('no track')
    // Whatever ends the filter later ends its track: the call goes on with the sound as it is, not with none.
    noise.onprocessorerror = () => {
      processed.stop()
      processed.dispatchEvent(new Event('ended'))
    }
    // A telephone call or a locked screen may stop the sound: it goes on when it can.
    context.onstatechange = () => {
      if (context.state !== 'closed' && context.state !== 'running') void context.resume()
    }
    return {
      track: processed,
      stop: () => {
        context.onstatechange = null
        noise.onprocessorerror = null
        noise.port.postMessage('stop')
        source.disconnect()
        noise.disconnect()
        processed.stop()
        void context.close()
      },
    }
  } catch (error) {
    void context.close()
    throw error
  }
}
