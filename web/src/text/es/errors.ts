import { type ErrorCode } from '@ringfence/sdk'

import { type Action, type LocalCode, type Problem } from '../../state/problem.ts'
import { f } from './format.ts'

const seconds = (p: Problem): string => f.wait(p.retryAfter ?? 30)

export const errors = {
  codes: {
    internal: 'Algo salió mal en el servidor. Vuelve a intentarlo; si sigue igual, díselo a quien lo lleva.',
    invalid: 'Algo de este formulario todavía no está bien.',
    unauthorized: 'Se cerró tu sesión. Vuelve a entrar para seguir.',
    bad_credentials: 'El nombre de usuario y la contraseña no encajan. El nombre de usuario acaba en cuatro cifras, como anna.4821.',
    forbidden: 'Tu cuenta no puede hacer esto.',
    unreachable: 'Ahora no se puede localizar a esta persona.',
    not_found: 'Esto ya no está. La lista está otra vez al día.',
    conflict: 'Esto cambió entretanto. Vuelve a mirar y decide.',
    invite_invalid: 'Esta invitación se usó, se retiró o es demasiado antigua. Pide otra.',
    password_weak: 'Esta contraseña es demasiado fácil de adivinar. Añade una o dos palabras más.',
    name_taken: 'No queda ningún número para este nombre de usuario. Elige otro.',
    rate_limited: (p: Problem) => `Han sido muchas veces en poco tiempo. Vuelve a intentarlo dentro de ${seconds(p)}.`,
    too_large: 'Esto es demasiado largo. Acórtalo y vuelve a intentarlo.',
    too_many: (p: Problem) =>
      p.limit === undefined
        ? 'No queda sitio para otro. Quita uno primero.'
        : f.count(p.limit, { one: 'Solo hay sitio para #. Quítalo primero.', many: 'Hay sitio para # como mucho. Quita uno primero.', other: 'Hay sitio para # como mucho. Quita uno primero.' }),
    unavailable: (p: Problem) => `El servidor está ocupado. Vuelve a intentarlo dentro de ${seconds(p)}.`,
    unknown_kind: 'Este servidor es más antiguo que esta página y todavía no conoce eso.',
    bad_frame: 'Esta página y el servidor no se entendieron. Vuelve a cargar la página.',
    version: 'Esta página es más antigua que el servidor. Vuelve a cargarla.',
    out_of_turn: 'La llamada ya había seguido adelante.',
    call_gone: 'Esta llamada terminó. Vuelve a llamar para seguir.',

    network: 'No se puede llegar al servidor. Mira la red de este dispositivo y vuelve a intentarlo.',
    clipboard: 'El navegador no nos dejó copiar. Selecciona el texto y cópialo tú.',
    no_calls: 'Este navegador no puede hacer llamadas. Abre esta página en Firefox, Chrome o Safari.',
    camera_missing: 'No se encontró ninguna cámara. Conecta una o sigue sin ella.',
    microphone_missing: 'No se encontró ningún micrófono. Conecta uno y vuelve a intentarlo.',
    media_denied: 'El navegador no da la cámara ni el micrófono a esta página. Permítelos junto a la dirección y vuelve a intentarlo.',
    media_in_use: 'Otro programa usa la cámara o el micrófono. Ciérralo y vuelve a intentarlo.',
    media_insecure: 'Los navegadores solo dan la cámara y el micrófono en direcciones seguras. Abre esta página en su dirección https://.',
    effect_failed: 'En este dispositivo no se puede desenfocar el fondo, por eso la cámara sigue apagada. Desactiva el desenfoque y vuelve a intentarlo.',
    media_failed: 'La cámara o el micrófono no arrancaron. Desconéctalos, conéctalos otra vez y vuelve a intentarlo.',
  } satisfies Record<ErrorCode | LocalCode, string | ((p: Problem) => string)>,

  during: {
    request: { not_found: 'Esta petición ya no está. Se retiró, o había terminado.' },
    call: { rate_limited: 'Has llamado muchas veces en poco tiempo. Espera un minuto.' },
  } as Readonly<Record<Action, Readonly<Partial<Record<string, string>>>>>,

  fields: {
    'name.required': 'Elige un nombre de usuario.',
    'name.min_length': (n: number) => f.count(n, { one: 'Un nombre de usuario tiene al menos # carácter.', many: 'Un nombre de usuario tiene al menos # de caracteres.', other: 'Un nombre de usuario tiene al menos # caracteres.' }),
    'name.max_length': (n: number) => f.count(n, { one: 'Un nombre de usuario tiene como mucho # carácter.', many: 'Un nombre de usuario tiene como mucho # de caracteres.', other: 'Un nombre de usuario tiene como mucho # caracteres.' }),
    'name.first_letter': 'Un nombre de usuario empieza por una letra.',
    'name.characters': 'Solo letras de la a a la z, cifras, - y _.',
    'name.taken': 'No queda ningún número para este nombre de usuario. Elige otro.',
    'display_name.required': 'Di cómo te llaman tus amigos.',
    'display_name.visible': 'Este nombre no se ve. Usa letras.',
    'display_name.characters': 'Este nombre tiene caracteres que no se pueden mostrar. Quítalos.',
    'display_name.max_bytes': 'Este nombre ocupa demasiado. Acórtalo.',
    'handle.required': 'Escribe un nombre de usuario.',
    'handle.format': 'Un nombre de usuario tiene la forma anna.4821.',
    'handle.friends': 'Ya son amigos.',
    'handle.blocked': 'Has bloqueado a esta persona. Desbloquéala primero.',
    'handle.self': 'Ese es tu propio nombre de usuario.',
    'token.friends': 'Ya son amigos.',
    'token.blocked': 'Has bloqueado a quien te invita. Desbloquéalo primero.',
    'token.self': 'Esta invitación es tuya. Envíasela a un amigo.',
    'account.self': 'Esa persona eres tú.',
    'password.required': 'Escribe una contraseña.',
    'password.differs': 'Es la contraseña que ya tienes. Elige otra.',
    'current.required': 'Escribe tu contraseña actual.',
    'current.wrong': 'Esta no es tu contraseña actual.',
    'password.strength': 'Esta contraseña es demasiado fácil de adivinar. Añade una o dos palabras más.',
    'friends.max': (n: number) => f.count(n, { one: 'Uno de los dos ya tiene # amigo, y no caben más.', many: 'Uno de los dos ya tiene # de amigos, y no caben más.', other: 'Uno de los dos ya tiene # amigos, y no caben más.' }),
    'requests.max': (n: number) => f.count(n, { one: '# petición tuya sigue abierta. Retírala primero.', many: '# de peticiones tuyas siguen abiertas. Retira una primero.', other: '# peticiones tuyas siguen abiertas. Retira una primero.' }),
    'invites.max': (n: number) => f.count(n, { one: '# enlace tuyo sigue abierto. Retíralo primero.', many: '# de enlaces tuyos siguen abiertos. Retira uno primero.', other: '# enlaces tuyos siguen abiertos. Retira uno primero.' }),
    'blocked.max': (n: number) => f.count(n, { one: 'Has bloqueado a # persona, y no caben más.', many: 'Has bloqueado a # de personas, y no caben más.', other: 'Has bloqueado a # personas, y no caben más.' }),
  } as Readonly<Record<string, string | ((limit: number) => string)>>,

  rules: {
    required: 'Esto no puede quedar vacío.',
    min_length: (n: number) => f.count(n, { one: 'Al menos # carácter.', many: 'Al menos # de caracteres.', other: 'Al menos # caracteres.' }),
    max_length: (n: number) => f.count(n, { one: 'Como mucho # carácter.', many: 'Como mucho # de caracteres.', other: 'Como mucho # caracteres.' }),
    max_bytes: 'Esto es demasiado largo. Acórtalo.',
    characters: 'Esto tiene caracteres que aquí no sirven. Quítalos.',
    other: 'Esto no sirve aquí.',
  } as Readonly<Record<string, string | ((limit: number) => string)>>,
}
