// The surface of the SDK. What is not named here may change at any time.

export { Api, type ApiOptions, type RequestOptions, type SignIn, type SignUp } from './api.ts'
export {
  type Friend,
  type FriendList,
  type IncomingAsk,
  type Invite,
  type InviteInfo,
  type Inviter,
  type Me,
  type NewInvite,
  type Notice,
  type OutgoingAsk,
  type Person,
  type ServerInfo,
} from './api-types.ts'
export { Call } from './call.ts'
export { type CallElsewhere, type CallSettings, type CallState, type EndReason } from './call-types.ts'
export { Calls } from './calls.ts'
export { type Client, type ClientOptions, createClient } from './client.ts'
export { type Environment, type MediaSource, type NetworkEvent, type SocketLike } from './environment.ts'
export { ApiError, type FieldFault, NetworkError, type NetworkErrorKind } from './errors.ts'
export { FrameError, type FrameErrorCode } from './envelope.ts'
export { type Received, type ReceivedKind } from './frames.ts'
export { type InviteLink, inviteAt, inviteLink, parseInvite } from './invite.ts'
export {
  type Device,
  type DeviceEvent,
  type DeviceKind,
  type Devices,
  type Facing,
  type MediaChoice,
  type MediaErrorKind,
  type MediaProblem,
  type Using,
} from './devices.ts'
export { type Effect, type Effects, type Processed } from './effects.ts'
export { Preview, type PreviewChoice } from './preview.ts'
export { SignalSocket, type SocketState, type StopReason } from './socket.ts'
export { type CallStats, type Codecs, type Path, type Quality, type Size } from './stats.ts'
export { isId } from './text.ts'
export {
  type AccountId,
  type CallId,
  type DeviceId,
  type ErrorCode,
  errorCodes,
  type InviteId,
  type NoticeId,
  type Reason,
  reasons,
  type Sending,
  type Topic,
  wire,
} from './wire.gen.ts'
