import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Plugin } from 'vite'

/** The file that the program serves, and the settings link to. */
export const licencesFile = 'licences.txt'

const legal = /^(?:licen[cs]e|copying|notice|third[-_]party[-_]licen[cs]es)(?:\.(?:md|txt))?$/i
const line = '='.repeat(72)
const read = (path: string): string => readFileSync(path, 'utf8').replaceAll('\r\n', '\n').trim()

interface Part {
  readonly type: 'chunk' | 'asset'
  /** Of a chunk. */
  readonly moduleIds?: readonly string[]
  /** Of an asset. */
  readonly originalFileNames?: readonly string[]
}

/** packagesOf finds the folders of the npm packages of which something is in a bundle, by name. */
export function packagesOf(bundle: Readonly<Record<string, Part>>, root: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const part of Object.values(bundle)) {
    for (const file of [...(part.moduleIds ?? []), ...(part.originalFileNames ?? [])]) {
      const [, folder = '', name = ''] = /^\0?(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(file) ?? []
      if (name !== '') found.set(name, folder.startsWith('/') ? folder : `${root}/${folder}`)
    }
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** textOf joins the legal files of a package; one without any can't be shipped. */
export function textOf(name: string, folder: string): string {
  const files = readdirSync(folder).filter((file) => legal.test(file)).sort()
  if (files.length === 0) throw new Error(`${name} has no licence file: its text has to ship with it`)
  const { version } = JSON.parse(read(`${folder}/package.json`)) as { version: string }
  return [line, `${name} ${version}`, '', files.map((file) => read(`${folder}/${file}`)).join('\n\n'), ''].join('\n')
}

/**
 * licences lays the licences of all that ships beside the client: its own, those
 * of the packages that are in the bundle, of what lies compiled in these, and of
 * the Go modules of the program that serves it (internal/gen writes those).
 */
export function licences(): Plugin {
  let root = ''
  return {
    name: 'ringfence:licences',
    apply: 'build',
    configResolved(config) {
      ;({ root } = config)
    },
    generateBundle(_, bundle) {
      const beside = (name: string): string => read(fileURLToPath(new URL(name, import.meta.url)))
      const packages = [...packagesOf(bundle as unknown as Record<string, Part>, root)].map(([name, folder]) => textOf(name, folder))
      const source = [line, 'Ringfence', '', beside('../../LICENSE'), '', ...packages, beside('notices.txt'), '', beside('licences-go.txt'), ''].join('\n')
      this.emitFile({ type: 'asset', fileName: licencesFile, source })
    },
  }
}
