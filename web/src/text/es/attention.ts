import { f } from './format.ts'

export const attention = {
  calls: (name: string) => `Llama ${name}`,
  someoneCalls: 'Te llama alguien',
  withVideo: 'Videollamada',
  withVoice: 'Llamada de voz',
  missed: (name: string) => `Llamó ${name}`,
  missedSomeone: 'Llamó alguien',
  missedVideo: 'Videollamada perdida',
  missedVoice: 'Llamada de voz perdida',

  sounds: 'Sonidos',
  soundsWhy: 'Las llamadas suenan, y oyes cuándo empiezan y terminan.',
  volume: 'Volumen',
  volumeIs: (part: number) => f.percent(part),
  test: 'Oír un sonido',

  notifications: 'Mostrar las llamadas cuando Ringfence está en segundo plano',
  notificationsWhy: 'Puedes aceptar o rechazar sin buscar la pestaña. Ringfence tiene que estar abierto en algún sitio.',
  denied: 'El navegador no deja que esta página muestre avisos. Permítelos junto a la dirección y vuelve aquí.',
  missing: 'Este navegador no muestra avisos de esta página.',
  names: 'Decir quién llama',
  namesWhy: 'Apágalo donde otros puedan ver tu pantalla.',
  badge: 'Instalado como aplicación, Ringfence muestra en su icono las llamadas perdidas y las peticiones.',

  install: 'Instalar Ringfence',
  installWhy: 'Tiene su propia ventana y su icono, y se abre sin un navegador alrededor.',
  installByHand: 'Abre el menú de compartir del navegador y elige «Añadir a pantalla de inicio».',
  installed: 'Ringfence está instalado en este dispositivo.',

  suggestNotifications: '¿Mostrar las llamadas cuando Ringfence está en segundo plano?',
  suggestNotificationsDo: 'Mostrarlas',
  suggestInstall: '¿Tener Ringfence a mano, con su propio icono?',
  suggestInstallDo: 'Instalar',
  notNow: 'Ahora no',

  updateReady: 'Hay una versión nueva.',
  updateNow: 'Cargarla',
  updateLater: 'Más tarde',
  updateWaits: 'Otra pestaña está en una llamada. La versión nueva se carga cuando termine.',
}
