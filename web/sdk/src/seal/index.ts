// What devices seal for each other, byte by byte as docs/crypto.md says:
// identities, device logs, pins, prekeys, envelopes, the keys and frames of a
// call, linking, the recovery code and the backup.
//
// It works on bytes alone: no network, no storage, no clock. Whoever uses it
// keeps the secrets, brings the time in milliseconds since 1970, and does what
// the page calls "one transaction" (State does it in memory). What is refused
// is refused with a Refusal whose reason is one of the page's codes; reasons
// stay on the device.

export * from './backup.ts'
export * from './call.ts'
export * from './code.ts'
export { checkDescription } from './description.ts'
export { type Emoji, emoji, type Places } from './emoji.ts'
export { checkJoin, type Draft, entryBytes, joinEntry, maxDevices, maxEntries, maxLogSize, newLog } from './entry.ts'
export {
  type Kind, kinds, maxBody, maxCallBody, maxWire, type Message, ringWireSize, type Sealed, sealEnvelope, syncTypes, wireHash,
} from './envelope.ts'
export {
  type Direction, directions, type Frame, type FrameKey, FrameOpener, FrameSealer, frameSize, frameTypes, type Leg, maxCandidate, maxFrames, maxFrameSDP,
  maxLeg, sdpFrameSize,
} from './frame.ts'
export * from './friends.ts'
export {
  type Acct, acctOf, asAcct, asDev, asFingerprint, asHash, asID, asRandom, asSigningKey, type Dev, devOf, type Fingerprint, type Hash, type Head, type ID,
  random32, randomID, type Random, type SigningKey,
} from './identity.ts'
export { asSeed, checkKEM, type KEMPublic, newSeed, pkidOf, publicOf, type Seed } from './kem.ts'
export { checkSigningKey, deviceKey, type DeviceKey, newDeviceKeys, type RootKey, type Signer } from './keys.ts'
export * from './linking.ts'
export { type Device, type Log, verifyLog } from './log.ts'
export { type Awaitable, type Key, type KeySort, keySorts, type Opened, openEnvelope, type Own, type Seen } from './open.ts'
export * from './pin.ts'
export * from './prekey.ts'
export { type Reason, reasonOf, reasons, Refusal } from './reason.ts'
export { type Agreed, LegRules } from './rules.ts'
export { asSecret, type Secret } from './secret.ts'
export { maxSeenPerAccount, maxSeenPerDevice, State } from './state.ts'
