// Sounds, notifications, and the app on this device.

import { f } from './format.ts'

export const attention = {
  calls: (name: string) => `${name} is calling`,
  someoneCalls: 'Somebody is calling',
  withVideo: 'Video call',
  withVoice: 'Voice call',
  missed: (name: string) => `${name} called`,
  missedSomeone: 'Somebody called',
  missedVideo: 'Missed video call',
  missedVoice: 'Missed voice call',

  sounds: 'Sounds',
  soundsWhy: 'Calls ring, and you hear when they begin and end.',
  volume: 'Volume',
  volumeIs: (part: number) => f.percent(part),
  test: 'Play a sound',

  notifications: 'Show calls while Ringfence is in the background',
  notificationsWhy: 'You can accept or decline without looking for the tab. Ringfence has to be open somewhere.',
  denied: 'The browser keeps notifications from this page. Allow them beside the address, then come back here.',
  missing: 'This browser shows no notifications for this page.',
  names: 'Say who is calling',
  namesWhy: 'Switch it off where others can see your screen.',
  badge: 'Installed as an app, Ringfence shows missed calls and requests on its icon.',

  install: 'Install Ringfence',
  installWhy: 'It gets a window and an icon of its own, and opens without a browser around it.',
  installByHand: 'Open the browser’s share menu and choose “Add to Home Screen”.',
  installed: 'Ringfence is installed on this device.',

  suggestNotifications: 'Show calls while Ringfence is in the background?',
  suggestNotificationsDo: 'Show calls',
  suggestInstall: 'Keep Ringfence at hand, with an icon of its own?',
  suggestInstallDo: 'Install',
  notNow: 'Not now',

  updateReady: 'A new version is ready.',
  updateNow: 'Load now',
  updateLater: 'Later',
  updateWaits: 'Another tab is in a call. The new version loads when it has ended.',
}
