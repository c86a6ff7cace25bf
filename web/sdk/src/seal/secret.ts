import { type Is, sized } from './bytes.ts'

/** Secret is key material of a call: what an envelope's HPKE context exports, 32 bytes. */
export type Secret = Is<'secret'>

/** asSecret takes 32 bytes for one, and refuses others as malformed. */
export const asSecret = sized('secret', 32)
