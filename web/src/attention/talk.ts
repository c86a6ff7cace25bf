import { type Talk, type TalkActions } from '../state/surroundings.ts'

type Session = Omit<MediaSession, 'setMicrophoneActive' | 'setCameraActive'> & {
  setMicrophoneActive?: (on: boolean) => unknown
  setCameraActive?: (on: boolean) => unknown
}

/** mediaKeys tells the system what runs, and hears its keys. Each browser knows some of the actions. */
export function mediaKeys(title: string): (talk: Talk | undefined, actions: TalkActions) => void {
  const session = (navigator as { mediaSession?: Session }).mediaSession
  const names: Readonly<Record<string, keyof TalkActions>> = { togglemicrophone: 'microphone', togglecamera: 'camera', hangup: 'hangUp' }
  let last: string | undefined
  return (talk, actions) => {
    if (session === undefined) return
    if (talk?.name !== last) {
      last = talk?.name
      session.metadata = talk === undefined ? null : new MediaMetadata({ title: talk.name === '' ? title : talk.name, artist: title, artwork: [{ src: '/icon-512.png', sizes: '512x512', type: 'image/png' }] })
      session.playbackState = talk === undefined ? 'none' : 'playing'
      for (const [action, name] of Object.entries(names)) {
        attempt(() => session.setActionHandler(action as MediaSessionAction, talk === undefined ? null : () => actions[name]()))
      }
    }
    if (talk === undefined) return
    attempt(() => session.setMicrophoneActive?.(!talk.muted))
    attempt(() => session.setCameraActive?.(talk.camera))
  }
}

function attempt(fn: () => void): void {
  try {
    fn()
  } catch {
    // an action that this browser doesn't know
  }
}
