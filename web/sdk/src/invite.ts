/** InviteLink is what an invite's link holds. */
export interface InviteLink {
  readonly token: string
  /** Fingerprint of the inviter's key; empty where there is none. */
  readonly fingerprint: string
}

const inviteText = /^([A-Za-z0-9_-]{16,128})(?:\.([A-Za-z0-9_-]{0,128}))?$/

/** inviteLink makes a link. What it holds stands in the fragment, which browsers never send to a server. */
export function inviteLink(origin: string, token: string, fingerprint = ''): string {
  return inviteAt(`${origin}/invite`, token, fingerprint)
}

/** inviteAt makes a link to another page that takes an invite on, such as NewInvite names. */
export function inviteAt(page: string, token: string, fingerprint = ''): string {
  return `${page}#${token}.${fingerprint}`
}

/** parseInvite reads a link, its fragment, or what people cut out of it. */
export function parseInvite(text: string): InviteLink | undefined {
  const trimmed = text.trim()
  const match = inviteText.exec(trimmed.slice(trimmed.indexOf('#') + 1))
  return match?.[1] === undefined ? undefined : { token: match[1], fingerprint: match[2] ?? '' }
}
