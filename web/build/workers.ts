import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

import { workers, type WorkerScript } from '../workers.ts'

const inputName = (w: WorkerScript): string => `worker${w.path}`

/** workerInputs are the build's entries for the listed workers. */
export function workerInputs(list: readonly WorkerScript[] = workers): Record<string, string> {
  return Object.fromEntries(
    list.map((w) => [inputName(w), fileURLToPath(new URL(`../${w.entry}`, import.meta.url))]),
  )
}

/** workerFileName gives a listed worker its fixed file name, and nothing to other chunks. */
export function workerFileName(chunk: { name: string }, list: readonly WorkerScript[] = workers): string | undefined {
  return list.find((w) => inputName(w) === chunk.name)?.path.slice(1)
}

/** workerUse finds code that would start a worker from an address the build made up. */
const workerUse = /new\s+(?:Shared)?Worker\s*\(\s*new\s+URL|[?&](?:shared)?worker\b/

/**
 * fixedWorkers fails the build where a worker comes in by a bundler's short
 * cut: such a worker gets a hashed address, and the page's Trusted Types policy
 * would refuse it at run time.
 */
export function fixedWorkers(): Plugin {
  return {
    name: 'ringfence:fixed-workers',
    apply: 'build',
    transform(code, id) {
      if (id.includes('/node_modules/')) return null
      if (workerUse.test(code)) this.error(`${id}: list the worker in workers.ts instead`)
      return null
    },
  }
}

/** workersFromSource gives the development server, which has the sources only, the workers' addresses. */
export function workersFromSource(): Plugin {
  return {
    name: 'ringfence:workers-from-source',
    apply: 'serve',
    configureServer(server) {
      server.middlewares.use((request, _response, next) => {
        const found = workers.find((w) => w.path === request.url)
        if (found !== undefined) request.url = `/${found.entry}`
        next()
      })
    },
  }
}
