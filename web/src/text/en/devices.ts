import { f } from './format.ts'

export const devices = {
  /** Before anything is asked of the browser. */
  intro: 'See and hear yourself before a call. Nobody else does.',
  on: 'Switch camera and microphone on',
  off: 'Switch off',
  starting: 'Starting. The browser may ask whether this page may use them.',
  again: 'Try again',
  yourPicture: 'Your picture',
  noPicture: 'No picture',
  closed: 'Camera and microphone are off',

  microphone: 'Microphone',
  camera: 'Camera',
  speaker: 'Loudspeaker',
  system: 'The system’s choice',
  microphoneNumber: (n: number) => `Microphone ${f.number(n)}`,
  cameraNumber: (n: number) => `Camera ${f.number(n)}`,
  speakerNumber: (n: number) => `Loudspeaker ${f.number(n)}`,
  gone: 'The one you chose, not plugged in now',

  level: 'How loud you are',
  speak: 'Say something: the bar moves when we hear you.',
  heard: 'We hear you.',

  play: 'Play a sound',
  playing: 'Playing',
  didYouHear: 'Did you hear it?',
  yes: 'Yes',
  no: 'No',
  heardSpeaker: 'Good. Your loudspeaker works.',
  unheard: 'Turn the volume up, and see whether headphones are plugged in or another loudspeaker is chosen. Then play it again.',
  soundFailed: 'No sound could be played. See whether a loudspeaker is plugged in, then try again.',

  blur: 'Blur what is behind you',
  blurWhy: 'Computed on this device. A slower device sends fewer pictures a second.',
  quiet: 'Take noise out of your sound',
  quietWhy: 'Keeps your voice, and drops fans, streets and keyboards. Computed on this device.',
  mirror: 'Show yourself as in a mirror',
  mirrorWhy: 'Others see you the right way round in any case.',
}
