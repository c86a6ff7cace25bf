// Sounds, notifications, and the app on this device.

import { f } from './format.ts'

export const attention = {

  calls: (name: string) => `${name} ruft an`,
  someoneCalls: 'Jemand ruft an',
  withVideo: 'Videoanruf',
  withVoice: 'Sprachanruf',
  missed: (name: string) => `${name} hat angerufen`,
  missedSomeone: 'Jemand hat angerufen',
  missedVideo: 'Verpasster Videoanruf',
  missedVoice: 'Verpasster Sprachanruf',

  sounds: 'Töne',
  soundsWhy: 'Anrufe klingeln, und du hörst, wenn sie beginnen und enden.',
  volume: 'Lautstärke',
  volumeIs: (part: number) => f.percent(part),
  test: 'Ton anhören',

  notifications: 'Anrufe zeigen, während Ringfence im Hintergrund ist',
  notificationsWhy: 'Du kannst annehmen oder ablehnen, ohne den Tab zu suchen. Ringfence muss irgendwo offen sein.',
  denied: 'Der Browser erlaubt dieser Seite keine Hinweise. Erlaube sie neben der Adresse und komm dann hierher zurück.',
  missing: 'Dieser Browser zeigt für diese Seite keine Hinweise.',
  names: 'Sagen, wer anruft',
  namesWhy: 'Schalte es aus, wenn andere auf deinen Bildschirm sehen können.',
  badge: 'Ist Ringfence installiert, zeigt sein Symbol verpasste Anrufe und Anfragen.',

  install: 'Ringfence installieren',
  installWhy: 'Es bekommt ein eigenes Fenster und ein eigenes Symbol und öffnet sich ohne Browser drumherum.',
  installByHand: 'Öffne im Browser das Menü zum Teilen und wähle „Zum Home-Bildschirm“.',
  installed: 'Ringfence ist auf diesem Gerät installiert.',

  suggestNotifications: 'Anrufe zeigen, während Ringfence im Hintergrund ist?',
  suggestNotificationsDo: 'Anrufe zeigen',
  suggestInstall: 'Ringfence griffbereit haben, mit eigenem Symbol?',
  suggestInstallDo: 'Installieren',
  notNow: 'Nicht jetzt',

  updateReady: 'Eine neue Version ist da.',
  updateNow: 'Jetzt laden',
  updateLater: 'Später',
  updateWaits: 'In einem anderen Tab läuft ein Anruf. Danach wird die neue Version geladen.',
}
