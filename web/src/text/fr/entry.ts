import { f } from './format.ts'

export const invite = {
  title: 'Une invitation pour toi',
  checking: 'On regarde ton invitation',
  from: (name: string) => `${name} t’invite sur Ringfence`,
  fromServer: 'Une invitation sur Ringfence t’attend',
  what: 'Des appels entre amis, avec le son et l’image, sur un serveur que l’un de vous fait tourner. Personne d’autre ne peut te joindre ici.',
  begin: 'Commencer',
  haveAccount: 'J’ai un compte',
  step: (n: number, of: number) => `Étape ${n} sur ${of}`,

  nameTitle: 'Comment t’appellent tes amis ?',
  name: 'Ton nom',
  nameHelp: 'Tes amis le voient. Tu peux le changer à tout moment.',
  handle: 'Identifiant',
  handleHelp: (preview: string) =>
    preview === '' ? 'Il permet aux autres de t’ajouter. Le serveur met quatre chiffres derrière.' : `Il permet aux autres de t’ajouter : ${preview}. Les quatre chiffres viennent du serveur.`,
  next: 'Continuer',

  passwordTitle: 'Choisis un mot de passe',
  passwordWhy: 'Il n’y a pas d’adresse e-mail pour le remettre à zéro. Quatre ou cinq mots sans lien entre eux, c’est une bonne idée.',
  create: 'Créer le compte',
  creating: 'Création de ton compte',

  doneTitle: (name: string) => `Bienvenue, ${name}`,
  doneHandle: 'Ton identifiant. Il te sert à te connecter sur d’autres appareils, et aux autres à t’ajouter :',
  doneFriend: (name: string) => `${name} et toi êtes maintenant amis.`,
  ownerWhat: 'Ce serveur sera le tien, et tu es la première personne dessus. Ensuite, tu invites les amis que tu veux appeler.',
  ownerNext: 'Il n’y a encore personne d’autre. Crée un lien et envoie-le à quelqu’un.',
  ownerInvite: 'Inviter quelqu’un',
  doneCheck: 'Essayer d’abord caméra et son',
  doneHome: 'Aller aux contacts',

  acceptTitle: (name: string) => `Ajouter ${name} à tes amis ?`,
  acceptWhy: 'Vous verrez quand l’autre est en ligne et pourrez vous appeler.',
  accept: 'Ajouter',
  notNow: 'Pas maintenant',
  ownServer: 'Tu as déjà un compte ici. Cette invitation est pour quelqu’un de nouveau.',

  badTitle: 'Cette invitation ne marche plus',
  badWhy: 'Elle a servi, a été retirée ou a plus de sept jours. Demandes-en une nouvelle à qui te l’a envoyée.',
  noneTitle: 'On entre sur Ringfence par invitation',
  noneWhy: 'Demande un lien à quelqu’un qui est déjà là. Si c’est ton propre serveur, il a affiché ton premier lien au démarrage.',
  expires: (then: Date, now: Date) => `Sert une seule fois et prend fin ${f.until(then, now)}.`,
}

export const login = {
  title: 'Connexion',
  handle: 'Identifiant',
  handleHelp: 'Par exemple anna.4821',
  password: 'Mot de passe',
  submit: 'Se connecter',
  submitting: 'Connexion en cours',
  newHere: 'Pas encore de compte ? Il te faut une invitation de quelqu’un qui est ici.',
  forgot: 'Mot de passe oublié ? La personne qui tient ce serveur peut en mettre un nouveau.',
  ended: 'Ta session ici a pris fin. Reconnecte-toi pour continuer.',
}

export const password = {
  label: 'Mot de passe',
  show: 'Montrer le mot de passe',
  hide: 'Cacher le mot de passe',
  strength: 'Solidité du mot de passe',
  scores: ['Très facile à deviner', 'Facile à deviner', 'Encore facile à deviner', 'Difficile à deviner', 'Très difficile à deviner'],
  loading: 'Un instant',
  tooShort: (min: number) => f.count(min, { one: 'Au moins # caractère.', many: 'Au moins # de caractères.', other: 'Au moins # caractères.' }),
  more: 'Ajoute encore un mot ou deux, sans lien entre eux.',
  reasons: {
    straightRow: 'Une rangée de touches fait partie des premiers essais.',
    keyPattern: 'Un petit dessin sur le clavier se trouve vite.',
    simpleRepeat: 'Répéter le même caractère n’apporte pas grand-chose.',
    extendedRepeat: 'Répéter un morceau n’apporte pas grand-chose.',
    sequences: 'Une suite comme abc ou 123 n’apporte pas grand-chose.',
    recentYears: 'Une année se trouve vite.',
    dates: 'Une date se trouve vite.',
    topTen: 'C’est l’un des dix mots de passe les plus courants.',
    topHundred: 'C’est l’un des cent mots de passe les plus courants.',
    common: 'Beaucoup de gens ont ce mot de passe.',
    similarToCommon: 'Il ressemble à un mot de passe que beaucoup de gens ont.',
    wordByItself: 'Un mot tout seul se trouve vite.',
    namesByThemselves: 'Un nom tout seul se trouve vite.',
    commonNames: 'Les noms courants se trouvent vite.',
    userInputs: 'Ton nom et ton identifiant sont essayés en premier.',
    pwned: 'Ce mot de passe a déjà été volé quelque part.',
  },
}
