// The scripts that run beside the page, and where the build puts them. Their
// addresses are fixed, because the Trusted Types policy accepts these and no
// other. The build fails when a worker turns up that is not listed here.

/** WorkerScript is one worker or service worker. */
export interface WorkerScript {
  /** The module that it is built from, relative to web/. */
  readonly entry: string
  /** The path that it is served at. */
  readonly path: `/${string}.js`
}

/** There are none yet. */
export const workers: readonly WorkerScript[] = []

/** Every address that a worker may be loaded from. */
export const workerPaths: readonly string[] = workers.map((w) => w.path)
