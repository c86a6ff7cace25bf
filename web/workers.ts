// The scripts that run beside the page, and where the build puts them. Their
// addresses are fixed, because the Trusted Types policy accepts these and no
// other. The build fails when a worker turns up that is not listed here.

/** WorkerScript is one worker, service worker or worklet. */
export interface WorkerScript {
  /** The module that it is built from, relative to web/. */
  readonly entry: string
  /** The path that it is served at. */
  readonly path: `/${string}.js`
}

export const workers: readonly WorkerScript[] = [
  // Keeps the program for this browser, and shows notifications.
  { entry: 'src/sw/sw.ts', path: '/sw.js' },
  // The models and filters of the effects, with a policy of its own.
  { entry: 'src/effects/worker.ts', path: '/effects.js' },
  // In the audio thread: takes noise out of what the microphone hears.
  { entry: 'src/effects/noise-worklet.ts', path: '/noise.js' },
]

/** Every address that a worker may be loaded from. */
export const workerPaths: readonly string[] = workers.map((w) => w.path)
