// Sounds, notifications, and the app on this device.

import { f } from './format.ts'

export const attention = {

  calls: (name: string) => `${name} t’appelle`,
  someoneCalls: 'Quelqu’un t’appelle',
  withVideo: 'Appel vidéo',
  withVoice: 'Appel vocal',
  missed: (name: string) => `${name} a appelé`,
  missedSomeone: 'Quelqu’un a appelé',
  missedVideo: 'Appel vidéo manqué',
  missedVoice: 'Appel vocal manqué',

  sounds: 'Sons',
  soundsWhy: 'Les appels sonnent, et tu entends quand ils commencent et finissent.',
  volume: 'Volume',
  volumeIs: (part: number) => f.percent(part),
  test: 'Écouter un son',

  notifications: 'Montrer les appels quand Ringfence est en arrière-plan',
  notificationsWhy: 'Tu peux répondre ou refuser sans chercher l’onglet. Ringfence doit être ouvert quelque part.',
  denied: 'Le navigateur ne permet pas les notifications de cette page. Autorise-les à côté de l’adresse, puis reviens ici.',
  missing: 'Ce navigateur ne montre pas de notifications pour cette page.',
  names: 'Dire qui appelle',
  namesWhy: 'Désactive-le là où d’autres peuvent voir ton écran.',
  badge: 'Une fois installé, Ringfence montre les appels manqués et les demandes sur son icône.',

  install: 'Installer Ringfence',
  installWhy: 'Il aura sa fenêtre et son icône, et s’ouvrira sans navigateur autour.',
  installByHand: 'Ouvre le menu de partage du navigateur et choisis « Sur l’écran d’accueil ».',
  installed: 'Ringfence est installé sur cet appareil.',

  suggestNotifications: 'Montrer les appels quand Ringfence est en arrière-plan ?',
  suggestNotificationsDo: 'Montrer les appels',
  suggestInstall: 'Garder Ringfence à portée de main, avec sa propre icône ?',
  suggestInstallDo: 'Installer',
  notNow: 'Pas maintenant',

  updateReady: 'Une nouvelle version est prête.',
  updateNow: 'Charger',
  updateLater: 'Plus tard',
  updateWaits: 'Un appel est en cours dans un autre onglet. La nouvelle version se chargera quand il sera fini.',
}
