import { f } from './format.ts'

export const devices = {
  intro: 'Mírate y escúchate antes de una llamada. Nadie más te ve ni te oye.',
  on: 'Encender cámara y micrófono',
  off: 'Apagar',
  starting: 'Arrancando. Quizá el navegador pregunte si esta página puede usarlos.',
  again: 'Reintentar',
  yourPicture: 'Tu imagen',
  noPicture: 'Sin imagen',
  closed: 'La cámara y el micrófono están apagados',

  microphone: 'Micrófono',
  camera: 'Cámara',
  speaker: 'Altavoz',
  system: 'El que elija el sistema',
  microphoneNumber: (n: number) => `Micrófono ${f.number(n)}`,
  cameraNumber: (n: number) => `Cámara ${f.number(n)}`,
  speakerNumber: (n: number) => `Altavoz ${f.number(n)}`,
  gone: 'El que elegiste, ahora sin conectar',

  level: 'Cómo de alto se te oye',
  speak: 'Di algo: la barra se mueve cuando te oímos.',
  heard: 'Te oímos.',

  play: 'Oír un sonido',
  playing: 'Sonando',
  didYouHear: '¿Lo has oído?',
  yes: 'Sí',
  no: 'No',
  heardSpeaker: 'Bien. Tu altavoz funciona.',
  unheard: 'Sube el volumen y mira si hay auriculares conectados o se ha elegido otro altavoz. Después vuelve a oírlo.',
  soundFailed: 'No se pudo oír ningún sonido. Mira si hay un altavoz conectado y vuelve a intentarlo.',

  blur: 'Desenfocar lo que hay detrás de ti',
  blurWhy: 'Se calcula en este dispositivo. Si es lento, envía menos imágenes por segundo.',
  quiet: 'Quitar el ruido de tu sonido',
  quietWhy: 'Deja tu voz y quita ventiladores, calles y teclados. Se calcula en este dispositivo.',
  mirror: 'Verte como en un espejo',
  mirrorWhy: 'Los demás te ven siempre del derecho.',
}
