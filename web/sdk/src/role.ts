// Who opens the encryption of the media (a=setup, RFC 8842 section 5): agreed
// upon once, with the first answer, and never again while the keys stay the
// same. Firefox answers a later offer as if nothing had been agreed upon, and
// Chromium then refuses the answer and every description after it.

/** Role is active for the side that opens, passive for the one that waits. */
export type Role = 'active' | 'passive'

const setup = /^a=setup:(active|passive)\s*$/m

/** roleOf reads the role of whoever wrote an answer. */
export function roleOf(answer: string): Role | undefined {
  const [, role] = setup.exec(answer) ?? []
  return role === 'active' || role === 'passive' ? role : undefined
}

/** otherRole reads the role of whoever gets an answer. */
export function otherRole(answer: string): Role | undefined {
  const role = roleOf(answer)
  return role && opposite(role)
}

/** withRole makes an answer of the other side fit the role that this one has. */
export function withRole(answer: string, own: Role | undefined): string {
  return own === undefined ? answer : answer.replaceAll(/^a=setup:(?:active|passive)(?=\s*$)/gm, `a=setup:${opposite(own)}`)
}

function opposite(role: Role): Role {
  return role === 'active' ? 'passive' : 'active'
}
