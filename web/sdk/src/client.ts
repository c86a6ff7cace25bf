import { Api, type ApiOptions } from './api.ts'
import { Calls } from './calls.ts'
import { type Devices, listDevices, watchDevices } from './devices.ts'
import { browserEnvironment, type Environment } from './environment.ts'
import { ApiError } from './errors.ts'
import { Preview, type PreviewChoice } from './preview.ts'
import { SignalSocket } from './socket.ts'

/** ClientOptions says where the server is; a page of the server needs none. */
export interface ClientOptions extends ApiOptions {
  /** Parts of the environment to replace, for tests and other programs than browsers. */
  readonly env?: Partial<Environment>
}

/** Client is everything that a program needs of one server. */
export interface Client {
  readonly api: Api
  readonly signal: SignalSocket
  readonly calls: Calls
  /** connect opens the session with the hub; sign in first. */
  connect(): void
  /** disconnect hangs up and closes the session. */
  disconnect(): void
  devices(): Promise<Devices>
  /** watchDevices calls fn when a device comes or goes, until the function that it returns is called. */
  watchDevices(fn: () => void): () => void
  /** preview opens the devices as a call would, to look and listen before one. */
  preview(choice: PreviewChoice): Preview
}

/** createClient puts the parts together. Nothing is asked or opened yet. */
export function createClient(options: ClientOptions = {}): Client {
  const env = browserEnvironment(options.env)
  const api = new Api(env, options)
  const signal = new SignalSocket(env, options.base)
  const calls = new Calls(env, signal)
  // A browser does not tell why a connection was refused: the API does.
  signal.on('refused', () => {
    void api.me().catch((error: unknown) => {
      if (error instanceof ApiError && error.code === 'unauthorized') signal.close('signed_out')
    })
  })
  // Without a word the other side would wait for us to come back.
  env.watchLeaving(() => calls.quit())
  return {
    api,
    signal,
    calls,
    connect: () => signal.connect(),
    disconnect: () => {
      calls.quit()
      signal.close()
    },
    devices: () => listDevices(env.media),
    watchDevices: (fn) => watchDevices(env.media, fn),
    preview: (choice) => new Preview(env, choice),
  }
}
