import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type Plugin } from 'vite'

import { workers } from '../workers.ts'

/** The name that the worker reads the list by. */
const name = '__BUILD__'
const workerFile = 'sw.js'

/** The picture on notifications, which the page doesn't name. */
const picture = '/icon-192.png'

type Output = Readonly<Record<string, { readonly type: 'chunk' | 'asset' } & Record<string, unknown>>>
interface Chunk {
  readonly code: string
  readonly isEntry: boolean
  readonly imports: readonly string[]
  readonly viteMetadata?: { readonly importedCss: ReadonlySet<string>; readonly importedAssets: ReadonlySet<string> }
}

/** hash names content as the worker does. */
export const hash = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex').slice(0, 24)

function textOf(part: Output[string] | undefined): string {
  const source = part?.['source']
  return typeof source === 'string' ? source : Buffer.from((source ?? '') as Uint8Array).toString()
}

/** firstParts are the files of a bundle that the page loads before anything is asked for. */
export function firstParts(bundle: Output): Set<string> {
  const found = new Set<string>(['index.html', picture.slice(1)])
  const html = textOf(bundle['index.html'])
  for (const [, file] of html.matchAll(/(?:href|src)="\/([^"]+)"/g)) if (file !== undefined && !file.startsWith('apple-')) found.add(file)
  const fixed = new Set(workers.map((w) => w.path.slice(1)))
  const seen = new Set<string>()
  const take = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    found.add(file)
    const chunk = bundle[file] as unknown as Chunk | undefined
    for (const next of chunk?.imports ?? []) take(next)
    for (const style of chunk?.viteMetadata?.importedCss ?? []) {
      found.add(style)
      const css = textOf(bundle[style])
      // Other scripts than Latin come when somebody writes them.
      for (const [, font] of css.matchAll(/url\(\/([^)]*-latin-(?!ext)[^)]*\.woff2)\)/g)) if (font !== undefined) found.add(font)
    }
  }
  for (const [file, part] of Object.entries(bundle)) if (part.type === 'chunk' && (part as unknown as Chunk).isEntry && !fixed.has(file)) take(file)
  return found
}

/**
 * shell writes the list of files, each with its hash, into the service worker.
 * The version is the hash of all of it: it changes when any file does.
 */
export function shell(): Plugin {
  let publicDir = ''
  return {
    name: 'ringfence:shell',
    apply: 'build',
    configResolved(config) {
      publicDir = config.publicDir
    },
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const worker = bundle[workerFile]
        if (worker?.type !== 'chunk') return
        if (worker.imports.length > 0 || worker.dynamicImports.length > 0) this.error('the service worker has to be one file')
        const first = firstParts(bundle as unknown as Output)
        const files = new Map<string, string>()
        for (const [file, part] of Object.entries(bundle)) if (file !== workerFile) files.set(file, hash(part.type === 'chunk' ? part.code : part.source))
        for (const entry of readdirSync(publicDir, { recursive: true, withFileTypes: true })) {
          const path = join(entry.parentPath, entry.name)
          if (entry.isFile() && !entry.name.startsWith('.')) files.set(relative(publicDir, path).replaceAll('\\', '/'), hash(readFileSync(path)))
        }
        const listed = [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([file, sum]) => [`/${file}`, sum, first.has(file)] as const)
        const pick = (begins: boolean): (readonly [string, string])[] => listed.filter(([, , x]) => x === begins).map(([file, sum]) => [file, sum])
        const version = hash(JSON.stringify(listed) + worker.code).slice(0, 12)
        worker.code = worker.code.replaceAll(name, JSON.stringify({ version, shell: pick(true), later: pick(false) }))
      },
    },
  }
}
