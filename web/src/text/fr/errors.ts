import { type ErrorCode } from '@ringfence/sdk'

import { type Action, type LocalCode, type Problem } from '../../state/problem.ts'
import { f } from './format.ts'

const seconds = (p: Problem): string => f.wait(p.retryAfter ?? 30)

export const errors = {
  codes: {
    internal: 'Quelque chose n’a pas marché sur le serveur. Réessaie. Si ça continue, dis-le à la personne qui le tient.',
    invalid: 'Quelque chose n’est pas encore juste dans ce formulaire.',
    unauthorized: 'Tu n’as plus de session ici. Reconnecte-toi pour continuer.',
    bad_credentials: 'L’identifiant et le mot de passe ne vont pas ensemble. L’identifiant finit par quatre chiffres, comme anna.4821.',
    forbidden: 'Ton compte ne permet pas cela.',
    unreachable: 'On ne peut pas joindre cette personne en ce moment.',
    not_found: 'Cela n’existe plus. La liste est de nouveau à jour.',
    conflict: 'Cela a changé entre-temps. Regarde encore, puis décide.',
    invite_invalid: 'Cette invitation a servi, a été retirée ou est trop ancienne. Demandes-en une nouvelle.',
    password_weak: 'Ce mot de passe est trop facile à deviner. Ajoute un mot ou deux.',
    name_taken: 'Il ne reste plus de numéro pour cet identifiant. Choisis-en un autre.',
    rate_limited: (p: Problem) => `Cela fait beaucoup en peu de temps. Réessaie dans ${seconds(p)}.`,
    too_large: 'C’est trop long. Raccourcis, puis réessaie.',
    too_many: (p: Problem) =>
      p.limit === undefined
        ? 'Il n’y a plus de place. Retire d’abord quelque chose.'
        : f.count(p.limit, { one: 'Il n’y a de place que pour #. Retire d’abord quelque chose.', many: 'Il n’y a de place que pour #. Retire d’abord quelque chose.', other: 'Il n’y a de place que pour #. Retire d’abord quelque chose.' }),
    unavailable: (p: Problem) => `Le serveur a beaucoup à faire. Réessaie dans ${seconds(p)}.`,
    unknown_kind: 'Ce serveur est plus ancien que cette page et ne connaît pas encore cela.',
    bad_frame: 'Cette page et le serveur ne se sont pas compris. Recharge la page.',
    version: 'Cette page est plus ancienne que le serveur. Recharge-la.',
    out_of_turn: 'L’appel était déjà à l’étape suivante.',
    call_gone: 'Cet appel est fini. Rappelle pour continuer.',

    network: 'Le serveur ne répond pas. Vérifie le réseau de cet appareil, puis réessaie.',
    clipboard: 'Le navigateur n’a pas laissé copier. Sélectionne le texte et copie-le toi-même.',
    no_calls: 'Ce navigateur ne sait pas passer d’appels. Ouvre cette page dans Firefox, Chrome ou Safari.',
    camera_missing: 'Aucune caméra trouvée. Branches-en une, ou continue sans.',
    microphone_missing: 'Aucun micro trouvé. Branches-en un, puis réessaie.',
    media_denied: 'Le navigateur ne donne pas la caméra et le micro à cette page. Autorise-les à côté de l’adresse, puis réessaie.',
    media_in_use: 'Un autre programme utilise la caméra ou le micro. Ferme-le, puis réessaie.',
    media_insecure: 'Les navigateurs ne permettent la caméra et le micro que sur une adresse sûre. Ouvre cette page à son adresse en https://.',
    effect_failed: 'L’arrière-plan ne peut pas être flouté sur cet appareil, la caméra reste donc éteinte. Désactive le flou, puis réessaie.',
    media_failed: 'La caméra ou le micro n’a pas démarré. Débranche, rebranche, puis réessaie.',
  } satisfies Record<ErrorCode | LocalCode, string | ((p: Problem) => string)>,

  /** Words for a code where what was being tried makes a difference. */
  during: {
    request: { not_found: 'Cette demande n’existe plus. Elle a été retirée ou avait pris fin.' },
    call: { rate_limited: 'Tu as beaucoup appelé en peu de temps. Attends une minute.' },
  } as Readonly<Record<Action, Readonly<Partial<Record<string, string>>>>>,

  /** By field and rule, as the server names them; what has no words here falls to `rules`. */
  fields: {
    'name.required': 'Choisis un identifiant.',
    'name.min_length': (n: number) => f.count(n, { one: 'Un identifiant a au moins # caractère.', many: 'Un identifiant a au moins # de caractères.', other: 'Un identifiant a au moins # caractères.' }),
    'name.max_length': (n: number) => f.count(n, { one: 'Un identifiant a au plus # caractère.', many: 'Un identifiant a au plus # de caractères.', other: 'Un identifiant a au plus # caractères.' }),
    'name.first_letter': 'Un identifiant commence par une lettre.',
    'name.characters': 'Seulement les lettres de a à z, les chiffres, - et _.',
    'name.taken': 'Il ne reste plus de numéro pour cet identifiant. Choisis-en un autre.',
    'display_name.required': 'Écris comment tes amis t’appellent.',
    'display_name.visible': 'Ce nom ne se voit pas. Mets des lettres.',
    'display_name.characters': 'Ce nom a des caractères qui ne peuvent pas s’afficher. Enlève-les.',
    'display_name.max_bytes': 'Ce nom prend trop de place. Raccourcis-le.',
    'handle.required': 'Écris un identifiant.',
    'handle.format': 'Un identifiant ressemble à anna.4821.',
    'handle.friends': 'Vous êtes déjà amis.',
    'handle.blocked': 'Tu as bloqué cette personne. Débloque-la d’abord.',
    'handle.self': 'C’est ton propre identifiant.',
    'token.friends': 'Vous êtes déjà amis.',
    'token.blocked': 'Tu as bloqué la personne qui t’invite. Débloque-la d’abord.',
    'token.self': 'Cette invitation est la tienne. Envoie-la à quelqu’un.',
    'account.self': 'C’est toi.',
    'password.required': 'Écris un mot de passe.',
    'password.differs': 'C’est le mot de passe que tu as déjà. Choisis-en un autre.',
    'current.required': 'Écris ton mot de passe actuel.',
    'current.wrong': 'Ce n’est pas ton mot de passe actuel.',
    'password.strength': 'Ce mot de passe est trop facile à deviner. Ajoute un mot ou deux.',
    'friends.max': (n: number) => f.count(n, { one: 'L’un de vous a déjà # ami, et il n’y a plus de place.', many: 'L’un de vous a déjà # d’amis, et il n’y a plus de place.', other: 'L’un de vous a déjà # amis, et il n’y a plus de place.' }),
    'requests.max': (n: number) => f.count(n, { one: '# de tes demandes est encore ouverte. Retire-la d’abord.', many: '# de tes demandes sont encore ouvertes. Retires-en une d’abord.', other: '# de tes demandes sont encore ouvertes. Retires-en une d’abord.' }),
    'invites.max': (n: number) => f.count(n, { one: '# de tes liens est encore ouvert. Retire-le d’abord.', many: '# de tes liens sont encore ouverts. Retires-en un d’abord.', other: '# de tes liens sont encore ouverts. Retires-en un d’abord.' }),
    'blocked.max': (n: number) => f.count(n, { one: 'Tu as bloqué # personne, et il n’y a plus de place.', many: 'Tu as bloqué # de personnes, et il n’y a plus de place.', other: 'Tu as bloqué # personnes, et il n’y a plus de place.' }),
  } as Readonly<Record<string, string | ((limit: number) => string)>>,

  rules: {
    required: 'Il faut écrire quelque chose ici.',
    min_length: (n: number) => f.count(n, { one: 'Au moins # caractère.', many: 'Au moins # de caractères.', other: 'Au moins # caractères.' }),
    max_length: (n: number) => f.count(n, { one: 'Au plus # caractère.', many: 'Au plus # de caractères.', other: 'Au plus # caractères.' }),
    max_bytes: 'C’est trop long. Raccourcis.',
    characters: 'Il y a ici des caractères qui ne vont pas. Enlève-les.',
    other: 'Cela ne va pas ici.',
  } as Readonly<Record<string, string | ((limit: number) => string)>>,
}
