import { f } from './format.ts'

export const app = {
  name: 'Ringfence',
  loading: 'Un instant',
  skip: 'Aller au contenu',
  close: 'Fermer',
  back: 'Retour',
  cancel: 'Annuler',
  tryAgain: 'Réessayer',
  undo: 'Annuler',
  people: 'Contacts',
  places: 'Lieux',
  number: (n: number) => f.number(n),
  calls: 'Appels',
  check: 'Caméra et son',
  settings: 'Réglages',
  title: (page: string) => `${page} – Ringfence`,
  messages: 'Messages de Ringfence',
}

export const link = {
  offline: 'Cet appareil n’a pas de réseau. Les appels et les changements attendent qu’il revienne.',
  reconnecting: 'La connexion au serveur est coupée. Nouvel essai…',
  replaced: 'Ringfence continue maintenant dans un autre onglet.',
  crowded: 'Trop d’onglets ou d’appareils sont ouverts avec ce compte. Fermes-en un, puis réessaie.',
  outdated: 'Cette page est plus ancienne que le serveur. Recharge-la.',
  reload: 'Recharger',
  noServer: 'Le serveur ne répond pas',
  noServerWhy: 'Soit cet appareil n’a pas de réseau, soit le serveur est éteint. Rien n’est perdu.',
}

export const notFound = {
  title: 'Il n’y a rien ici',
  why: 'L’adresse est peut-être mal écrite, ou ce qui était ici n’y est plus.',
  home: 'Aller aux contacts',
}
