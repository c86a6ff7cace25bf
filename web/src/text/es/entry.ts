import { f } from './format.ts'

export const invite = {
  title: 'Tienes una invitación',
  checking: 'Mirando tu invitación',
  from: (name: string) => `${name} te invita a Ringfence`,
  fromServer: 'Tienes una invitación a Ringfence',
  what: 'Llamadas de voz y vídeo entre amigos, en un servidor que lleva uno de ustedes. Nadie más puede localizarte aquí.',
  begin: 'Empezar',
  haveAccount: 'Ya tengo una cuenta',
  step: (n: number, of: number) => `Paso ${n} de ${of}`,

  nameTitle: '¿Cómo te llaman tus amigos?',
  name: 'Tu nombre',
  nameHelp: 'Lo ven tus amigos. Puedes cambiarlo cuando quieras.',
  handle: 'Nombre de usuario',
  handleHelp: (preview: string) =>
    preview === ''
      ? 'Con él te pueden añadir. El servidor le pone cuatro cifras al final.'
      : `Con él te pueden añadir: ${preview}. Las cuatro cifras las pone el servidor.`,
  next: 'Continuar',

  passwordTitle: 'Elige una contraseña',
  passwordWhy: 'No hay ningún correo con el que recuperarla. Cuatro o cinco palabras que no tengan que ver entre sí van muy bien.',
  create: 'Crear cuenta',
  creating: 'Creando tu cuenta',

  doneTitle: (name: string) => `Te damos la bienvenida, ${name}`,
  doneHandle: 'Tu nombre de usuario. Con él entras en otros dispositivos, y otros pueden añadirte:',
  doneFriend: (name: string) => `${name} y tú ya son amigos.`,
  ownerWhat: 'Este servidor será tuyo, y eres la primera persona en él. Después invitas a los amigos a los que quieras llamar.',
  ownerNext: 'Todavía no hay nadie más. Crea un enlace y envíaselo a un amigo.',
  ownerInvite: 'Invitar a un amigo',
  doneCheck: 'Probar antes cámara y sonido',
  doneHome: 'Ir a la gente',

  acceptTitle: (name: string) => `¿Añadir a ${name} a tus amigos?`,
  acceptWhy: 'Cada uno verá cuándo está el otro, y podrán llamarse.',
  accept: 'Añadir',
  notNow: 'Ahora no',
  ownServer: 'Ya tienes una cuenta aquí. Esta invitación es para alguien nuevo.',

  badTitle: 'Esta invitación ya no sirve',
  badWhy: 'Se usó, se retiró o tiene más de siete días. Pide otra a quien te la envió.',
  noneTitle: 'A Ringfence se entra con invitación',
  noneWhy: 'Pide un enlace a un amigo que ya esté aquí. Si el servidor es tuyo, mostró tu primer enlace al arrancar.',
  expires: (then: Date, now: Date) => `Sirve una vez y caduca ${f.until(then, now)}.`,
}

export const login = {
  title: 'Entrar',
  handle: 'Nombre de usuario',
  handleHelp: 'Por ejemplo, anna.4821',
  password: 'Contraseña',
  submit: 'Entrar',
  submitting: 'Entrando',
  newHere: '¿Es tu primera vez? Necesitas la invitación de un amigo.',
  forgot: '¿Olvidaste la contraseña? Quien lleva este servidor puede ponerte otra.',
  ended: 'Se cerró tu sesión aquí. Vuelve a entrar para seguir.',
}

export const password = {
  label: 'Contraseña',
  show: 'Mostrar la contraseña',
  hide: 'Ocultar la contraseña',
  strength: 'Fuerza de la contraseña',
  scores: ['Facilísima de adivinar', 'Fácil de adivinar', 'Todavía fácil de adivinar', 'Difícil de adivinar', 'Muy difícil de adivinar'],
  loading: 'Comprobando',
  tooShort: (min: number) => f.count(min, { one: 'Al menos # carácter.', many: 'Al menos # de caracteres.', other: 'Al menos # caracteres.' }),
  more: 'Añade una o dos palabras más que no tengan que ver.',
  reasons: {
    straightRow: 'Una fila de teclas es de lo primero que se prueba.',
    keyPattern: 'Un dibujo corto en el teclado se prueba enseguida.',
    simpleRepeat: 'Repetir el mismo carácter aporta poco.',
    extendedRepeat: 'Repetir un trozo aporta poco.',
    sequences: 'Una serie como abc o 123 aporta poco.',
    recentYears: 'Los años se prueban enseguida.',
    dates: 'Las fechas se prueban enseguida.',
    topTen: 'Es una de las diez contraseñas más usadas.',
    topHundred: 'Es una de las cien contraseñas más usadas.',
    common: 'Mucha gente usa esta contraseña.',
    similarToCommon: 'Se parece mucho a una contraseña que usa mucha gente.',
    wordByItself: 'Una palabra sola se prueba enseguida.',
    namesByThemselves: 'Un nombre solo se prueba enseguida.',
    commonNames: 'Los nombres corrientes se prueban enseguida.',
    userInputs: 'Tu propio nombre o nombre de usuario es lo primero que se prueba.',
    pwned: 'Esta contraseña se conoce por una filtración.',
  },
}
