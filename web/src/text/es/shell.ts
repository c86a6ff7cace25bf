import { f } from './format.ts'

export const app = {
  name: 'Ringfence',
  loading: 'Un momento',
  skip: 'Ir al contenido',
  close: 'Cerrar',
  back: 'Atrás',
  cancel: 'Cancelar',
  tryAgain: 'Reintentar',
  undo: 'Deshacer',
  people: 'Gente',
  places: 'Apartados',
  number: (n: number) => f.number(n),
  calls: 'Llamadas',
  check: 'Cámara y sonido',
  settings: 'Ajustes',
  title: (page: string) => `${page} – Ringfence`,
  messages: 'Avisos de Ringfence',
}

export const link = {
  offline: 'Este dispositivo no tiene conexión. Las llamadas y los cambios esperan a que vuelva.',
  reconnecting: 'Se perdió la conexión con el servidor. Reintentando…',
  replaced: 'Ringfence siguió en otra pestaña con esta sesión.',
  crowded: 'Hay demasiadas pestañas o dispositivos abiertos con esta cuenta. Cierra uno y vuelve a intentarlo.',
  outdated: 'Esta página es más antigua que el servidor. Vuelve a cargarla.',
  reload: 'Cargar de nuevo',
  noServer: 'No se puede llegar al servidor',
  noServerWhy: 'O este dispositivo no tiene red, o el servidor está apagado. No se ha perdido nada.',
}

export const notFound = {
  title: 'Aquí no hay nada',
  why: 'Quizá la dirección esté mal escrita, o lo que había ya no está.',
  home: 'Ir a la gente',
}
