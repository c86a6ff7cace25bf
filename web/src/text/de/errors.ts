import { type ErrorCode } from '@ringfence/sdk'

import { type Action, type LocalCode, type Problem } from '../../state/problem.ts'
import { f } from './format.ts'

const seconds = (p: Problem): string => f.wait(p.retryAfter ?? 30)

export const errors = {
  codes: {
    internal: 'Auf dem Server ging etwas schief. Versuch es noch einmal. Bleibt es so, sag es der Person, die ihn betreibt.',
    invalid: 'In diesem Formular stimmt noch etwas nicht.',
    unauthorized: 'Du bist abgemeldet. Melde dich wieder an, dann geht es weiter.',
    bad_credentials: 'Anmeldename und Passwort passen nicht zusammen. Am Ende des Anmeldenamens stehen vier Ziffern, wie bei anna.4821.',
    forbidden: 'Mit deinem Konto geht das nicht.',
    unreachable: 'Diese Person ist gerade nicht erreichbar.',
    not_found: 'Das gibt es nicht mehr. Die Liste ist jetzt wieder aktuell.',
    conflict: 'Das hat sich inzwischen geändert. Schau noch einmal hin und entscheide dann.',
    invite_invalid: 'Diese Einladung wurde benutzt oder zurückgezogen, oder sie ist zu alt. Frag nach einer neuen.',
    password_weak: 'Dieses Passwort ist zu leicht zu erraten. Nimm noch ein oder zwei Wörter dazu.',
    name_taken: 'Für diesen Anmeldenamen ist keine Nummer mehr frei. Wähle einen anderen.',
    rate_limited: (p: Problem) => `Das war oft in kurzer Zeit. Versuch es in ${seconds(p)} noch einmal.`,
    too_large: 'Das ist zu lang. Kürze es und versuch es noch einmal.',
    too_many: (p: Problem) =>
      p.limit === undefined
        ? 'Mehr haben hier nicht Platz. Entferne zuerst etwas.'
        : f.count(p.limit, { one: 'Mehr als # hat nicht Platz. Entferne zuerst etwas.', other: 'Mehr als # haben nicht Platz. Entferne zuerst etwas.' }),
    unavailable: (p: Problem) => `Der Server hat viel zu tun. Versuch es in ${seconds(p)} noch einmal.`,
    unknown_kind: 'Dieser Server ist älter als diese Seite und kennt das noch nicht.',
    bad_frame: 'Diese Seite und der Server haben sich nicht verstanden. Lade die Seite neu.',
    version: 'Diese Seite ist älter als der Server. Lade sie neu.',
    out_of_turn: 'Der Anruf war schon einen Schritt weiter.',
    call_gone: 'Dieser Anruf ist vorbei. Ruf noch einmal an, um weiterzureden.',

    network: 'Der Server ist nicht erreichbar. Schau, ob dieses Gerät Netz hat, und versuch es noch einmal.',
    clipboard: 'Der Browser hat das Kopieren nicht erlaubt. Markiere den Text und kopiere ihn selbst.',
    no_calls: 'Dieser Browser kann nicht telefonieren. Öffne diese Seite in Firefox, Chrome oder Safari.',
    camera_missing: 'Es wurde keine Kamera gefunden. Steck eine an, oder mach ohne weiter.',
    microphone_missing: 'Es wurde kein Mikrofon gefunden. Steck eines an und versuch es noch einmal.',
    media_denied: 'Der Browser gibt dieser Seite Kamera und Mikrofon nicht frei. Erlaube sie neben der Adresse und versuch es noch einmal.',
    media_in_use: 'Ein anderes Programm benutzt Kamera oder Mikrofon. Schließ es und versuch es noch einmal.',
    media_insecure: 'Browser erlauben Kamera und Mikrofon nur auf sicheren Adressen. Öffne diese Seite unter ihrer Adresse mit https://.',
    effect_failed: 'Der Hintergrund lässt sich auf diesem Gerät nicht unscharf machen, darum bleibt die Kamera aus. Schalte die Unschärfe aus und versuch es noch einmal.',
    media_failed: 'Kamera oder Mikrofon sind nicht angesprungen. Zieh sie ab, steck sie wieder an und versuch es noch einmal.',
  } satisfies Record<ErrorCode | LocalCode, string | ((p: Problem) => string)>,

  /** Words for a code where what was being tried makes a difference. */
  during: {
    request: { not_found: 'Diese Anfrage gibt es nicht mehr. Sie wurde zurückgezogen oder war schon vorbei.' },
    call: { rate_limited: 'Du hast in kurzer Zeit oft angerufen. Warte eine Minute.' },
  } as Readonly<Record<Action, Readonly<Partial<Record<string, string>>>>>,

  /** By field and rule, as the server names them; what has no words here falls to `rules`. */
  fields: {
    'name.required': 'Wähle einen Anmeldenamen.',
    'name.min_length': (n: number) => f.count(n, { one: 'Ein Anmeldename hat mindestens # Zeichen.', other: 'Ein Anmeldename hat mindestens # Zeichen.' }),
    'name.max_length': (n: number) => f.count(n, { one: 'Ein Anmeldename hat höchstens # Zeichen.', other: 'Ein Anmeldename hat höchstens # Zeichen.' }),
    'name.first_letter': 'Ein Anmeldename beginnt mit einem Buchstaben.',
    'name.characters': 'Nur die Buchstaben a bis z, Ziffern, - und _.',
    'name.taken': 'Für diesen Anmeldenamen ist keine Nummer mehr frei. Wähle einen anderen.',
    'display_name.required': 'Schreib, wie dich deine Freunde nennen.',
    'display_name.visible': 'Diesen Namen sieht man nicht. Nimm Buchstaben.',
    'display_name.characters': 'In diesem Namen sind Zeichen, die sich nicht zeigen lassen. Entferne sie.',
    'display_name.max_bytes': 'Dieser Name braucht zu viel Platz. Kürze ihn.',
    'handle.required': 'Gib einen Anmeldenamen ein.',
    'handle.format': 'Ein Anmeldename sieht aus wie anna.4821.',
    'handle.friends': 'Ihr seid schon befreundet.',
    'handle.blocked': 'Du hast diese Person blockiert. Gib sie zuerst frei.',
    'handle.self': 'Das ist dein eigener Anmeldename.',
    'token.friends': 'Ihr seid schon befreundet.',
    'token.blocked': 'Du hast die Person blockiert, die dich einlädt. Gib sie zuerst frei.',
    'token.self': 'Das ist deine eigene Einladung. Schick sie jemandem.',
    'account.self': 'Das bist du.',
    'password.required': 'Gib ein Passwort ein.',
    'password.differs': 'Dieses Passwort hast du schon. Wähle ein anderes.',
    'current.required': 'Gib dein jetziges Passwort ein.',
    'current.wrong': 'Das ist nicht dein jetziges Passwort.',
    'password.strength': 'Dieses Passwort ist zu leicht zu erraten. Nimm noch ein oder zwei Wörter dazu.',
    'friends.max': (n: number) => f.count(n, { one: 'Jemand von euch hat schon # befreundete Person, und mehr haben nicht Platz.', other: 'Jemand von euch hat schon # Freunde, und mehr haben nicht Platz.' }),
    'requests.max': (n: number) => f.count(n, { one: 'Es ist noch # Anfrage von dir offen. Zieh sie zuerst zurück.', other: 'Es sind noch # Anfragen von dir offen. Zieh zuerst eine zurück.' }),
    'invites.max': (n: number) => f.count(n, { one: 'Es ist noch # Link von dir offen. Zieh ihn zuerst zurück.', other: 'Es sind noch # Links von dir offen. Zieh zuerst einen zurück.' }),
    'blocked.max': (n: number) => f.count(n, { one: 'Du hast # Person blockiert, und mehr haben nicht Platz.', other: 'Du hast # Personen blockiert, und mehr haben nicht Platz.' }),
  } as Readonly<Record<string, string | ((limit: number) => string)>>,

  rules: {
    required: 'Hier muss etwas stehen.',
    min_length: (n: number) => f.count(n, { one: 'Mindestens # Zeichen.', other: 'Mindestens # Zeichen.' }),
    max_length: (n: number) => f.count(n, { one: 'Höchstens # Zeichen.', other: 'Höchstens # Zeichen.' }),
    max_bytes: 'Das ist zu lang. Kürze es.',
    characters: 'Hier sind Zeichen, die nicht gehen. Entferne sie.',
    other: 'Das geht hier nicht.',
  } as Readonly<Record<string, string | ((limit: number) => string)>>,
}
