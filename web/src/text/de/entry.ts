import { f } from './format.ts'

export const invite = {
  title: 'Du bist eingeladen',
  checking: 'Deine Einladung wird geprüft',
  from: (name: string) => `${name} lädt dich zu Ringfence ein`,
  fromServer: 'Du bist zu Ringfence eingeladen',
  what: 'Anrufe mit Ton und Bild unter Freunden, auf einem Server, den jemand von euch betreibt. Sonst kann dich hier niemand erreichen.',
  begin: 'Los geht’s',
  haveAccount: 'Ich habe ein Konto',
  step: (n: number, of: number) => `Schritt ${n} von ${of}`,

  nameTitle: 'Wie nennen dich deine Freunde?',
  name: 'Dein Name',
  nameHelp: 'Deine Freunde sehen ihn. Du kannst ihn jederzeit ändern.',
  handle: 'Anmeldename',
  handleHelp: (preview: string) =>
    preview === '' ? 'Andere können dich damit hinzufügen. Der Server hängt vier Ziffern an.' : `Andere können dich damit hinzufügen: ${preview}. Die vier Ziffern kommen vom Server.`,
  next: 'Weiter',

  passwordTitle: 'Wähle ein Passwort',
  passwordWhy: 'Es gibt keine E-Mail-Adresse, über die du es zurücksetzen könntest. Gut sind vier oder fünf Wörter, die nichts miteinander zu tun haben.',
  create: 'Konto erstellen',
  creating: 'Dein Konto wird erstellt',

  doneTitle: (name: string) => `Willkommen, ${name}`,
  doneHandle: 'Dein Anmeldename. Damit meldest du dich auf anderen Geräten an, und andere können dich hinzufügen:',
  doneFriend: (name: string) => `Du und ${name} seid jetzt befreundet.`,
  ownerWhat: 'Dieser Server wird dir gehören, und du bist die erste Person darauf. Danach lädst du die Freunde ein, die du anrufen möchtest.',
  ownerNext: 'Noch ist niemand sonst hier. Mach einen Link und schick ihn jemandem.',
  ownerInvite: 'Freund einladen',
  doneCheck: 'Erst Kamera und Ton ausprobieren',
  doneHome: 'Zu den Leuten',

  acceptTitle: (name: string) => `${name} hinzufügen?`,
  acceptWhy: 'Ihr seht dann, wann die andere Person da ist, und könnt euch anrufen.',
  accept: 'Hinzufügen',
  notNow: 'Nicht jetzt',
  ownServer: 'Du hast hier schon ein Konto. Diese Einladung ist für jemand Neues.',

  badTitle: 'Diese Einladung gilt nicht mehr',
  badWhy: 'Sie wurde benutzt oder zurückgezogen, oder sie ist älter als sieben Tage. Lass dir eine neue schicken.',
  noneTitle: 'Zu Ringfence kommt man mit einer Einladung',
  noneWhy: 'Frag jemanden, der schon hier ist, nach einem Link. Ist es dein eigener Server, dann hat er dir beim Start den ersten Link angezeigt.',
  expires: (then: Date, now: Date) => `Gilt einmal und endet ${f.until(then, now)}.`,
}

export const login = {
  title: 'Anmelden',
  handle: 'Anmeldename',
  handleHelp: 'Zum Beispiel anna.4821',
  password: 'Passwort',
  submit: 'Anmelden',
  submitting: 'Du wirst angemeldet',
  newHere: 'Neu hier? Dann brauchst du eine Einladung von jemandem, den du kennst.',
  forgot: 'Passwort vergessen? Wer diesen Server betreibt, kann ein neues setzen.',
  ended: 'Du wurdest hier abgemeldet. Melde dich wieder an, dann geht es weiter.',
}

export const password = {
  label: 'Passwort',
  show: 'Passwort zeigen',
  hide: 'Passwort verbergen',
  strength: 'Wie gut das Passwort schützt',
  scores: ['Sehr leicht zu erraten', 'Leicht zu erraten', 'Noch leicht zu erraten', 'Schwer zu erraten', 'Sehr schwer zu erraten'],
  loading: 'Wird geprüft',
  tooShort: (min: number) => f.count(min, { one: 'Mindestens # Zeichen.', other: 'Mindestens # Zeichen.' }),
  more: 'Nimm noch ein oder zwei Wörter dazu, die nichts miteinander zu tun haben.',
  reasons: {
    straightRow: 'Eine Reihe von Tasten gehört zum Ersten, was man ausprobiert.',
    keyPattern: 'Ein kurzes Muster auf der Tastatur ist schnell ausprobiert.',
    simpleRepeat: 'Immer wieder dasselbe Zeichen bringt wenig.',
    extendedRepeat: 'Einen Teil zu wiederholen bringt wenig.',
    sequences: 'Eine Folge wie abc oder 123 bringt wenig.',
    recentYears: 'Jahreszahlen sind schnell ausprobiert.',
    dates: 'Ein Datum ist schnell ausprobiert.',
    topTen: 'Das ist eines der zehn häufigsten Passwörter.',
    topHundred: 'Das ist eines der hundert häufigsten Passwörter.',
    common: 'Viele benutzen dieses Passwort.',
    similarToCommon: 'Das ist nahe an einem Passwort, das viele benutzen.',
    wordByItself: 'Ein einzelnes Wort ist schnell ausprobiert.',
    namesByThemselves: 'Ein Name allein ist schnell ausprobiert.',
    commonNames: 'Häufige Namen sind schnell ausprobiert.',
    userInputs: 'Dein Name oder dein Anmeldename wird als Erstes ausprobiert.',
    pwned: 'Dieses Passwort ist schon einmal in falsche Hände geraten.',
  },
}
