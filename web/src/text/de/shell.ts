import { f } from './format.ts'

export const app = {
  name: 'Ringfence',
  loading: 'Einen Moment',
  skip: 'Zum Inhalt',
  close: 'Schließen',
  back: 'Zurück',
  cancel: 'Abbrechen',
  tryAgain: 'Noch einmal',
  undo: 'Rückgängig',
  people: 'Leute',
  places: 'Bereiche',
  number: (n: number) => f.number(n),
  calls: 'Anrufe',
  check: 'Kamera und Ton',
  settings: 'Einstellungen',
  title: (page: string) => `${page} – Ringfence`,
  messages: 'Hinweise von Ringfence',
}

export const link = {
  offline: 'Dieses Gerät hat kein Netz. Anrufe und Änderungen warten, bis es wieder da ist.',
  reconnecting: 'Die Verbindung zum Server ist weg. Neuer Versuch …',
  replaced: 'Ringfence läuft jetzt in einem anderen Tab weiter.',
  crowded: 'Mit diesem Konto sind zu viele Tabs oder Geräte offen. Schließ eines und versuch es noch einmal.',
  outdated: 'Diese Seite ist älter als der Server. Lade sie neu.',
  reload: 'Neu laden',
  noServer: 'Der Server ist nicht erreichbar',
  noServerWhy: 'Entweder hat dieses Gerät kein Netz, oder der Server ist aus. Es geht nichts verloren.',
}

export const notFound = {
  title: 'Hier ist nichts',
  why: 'Vielleicht ist die Adresse vertippt, oder was hier war, ist weg.',
  home: 'Zu den Leuten',
}
