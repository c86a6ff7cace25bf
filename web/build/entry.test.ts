import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, type Rolldown } from 'vite'
import { beforeAll, describe, expect, it, vi } from 'vitest'

import { languages } from '../src/state/preferences.ts'
import { licencesFile, packagesOf, textOf } from './licences.ts'

/** What everybody loads before they see anything, packed as the server sends it; letters (fonts) are not in it. */
const most = 80_000
/** And what the words of a language beside English may add. */
const mostWords = 12_000

type Part = Rolldown.OutputChunk | Rolldown.OutputAsset

let parts: Map<string, Part>
beforeAll(async () => {
  vi.stubEnv('NODE_ENV', 'production')
  const built = (await build({
    root: fileURLToPath(new URL('..', import.meta.url)),
    configFile: fileURLToPath(new URL('../vite.config.ts', import.meta.url)),
    logLevel: 'silent',
    mode: 'production',
    build: { write: false },
  })) as Rolldown.RolldownOutput
  vi.unstubAllEnvs()
  parts = new Map(built.output.map((part) => [part.fileName, part]))
}, 60_000)

/** withImports is a file and all that it cannot run without. */
function withImports(name: string, seen = new Set<string>()): Set<string> {
  const part = parts.get(name)
  if (part === undefined || seen.has(name)) return seen
  seen.add(name)
  if (part.type === 'chunk') {
    for (const other of [...part.imports, ...(part.viteMetadata?.importedCss ?? [])]) withImports(other, seen)
  }
  return seen
}

const packed = (names: Iterable<string>): number =>
  [...names].reduce((sum, name) => {
    const part = parts.get(name)
    return part === undefined ? sum : sum + gzipSync(part.type === 'chunk' ? part.code : part.source, { level: 9 }).length
  }, 0)

const chunk = (fits: (chunk: Rolldown.OutputChunk) => boolean): Rolldown.OutputChunk => {
  const found = [...parts.values()].find((part) => part.type === 'chunk' && fits(part))
  if (found?.type !== 'chunk') throw new Error('the build has no such file')
  return found
}

const entry = (): Set<string> => withImports(chunk((c) => c.isEntry && c.name === 'index').fileName)

describe('what is loaded before anything is seen', () => {
  it(`is script and style of at most ${most / 1000} kB`, () => {
    const names = [...entry()]
    expect(names.some((n) => n.endsWith('.js')) && names.some((n) => n.endsWith('.css'))).toBe(true)
    expect(packed(names)).toBeLessThanOrEqual(most)
  })

  it.each(languages.filter((l) => l !== 'en'))('has little more in another language: %s', (tag) => {
    const first = entry()
    const words = withImports(chunk((c) => c.facadeModuleId?.endsWith(`/text/${tag}/index.ts`) === true).fileName)
    expect(packed([...words].filter((name) => !first.has(name)))).toBeLessThanOrEqual(mostWords)
  })

  it('has nothing of what comes when it is asked for', () => {
    const early = [...entry()].flatMap((name) => {
      const part = parts.get(name)
      return part?.type === 'chunk' ? part.moduleIds : []
    })
    expect(early.length).toBeGreaterThan(50)
    expect(early.filter((id) => /zxcvbn|mediapipe|rnnoise|tflite|src\/effects\/(?!index)|text\/(de|fr|es|ar|pseudo)|screens\/components/.test(id))).toEqual([])
  })
})

describe('the licences of what ships', () => {
  const text = (): string => {
    const part = parts.get(licencesFile)
    if (part?.type !== 'asset') throw new Error('no file of licences')
    return String(part.source)
  }

  it('name every package, what lies compiled in them, and the modules of the program', () => {
    const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { dependencies: Record<string, string> }
    const modules = [...readFileSync(new URL('../../go.mod', import.meta.url), 'utf8').matchAll(/^require \(([^)]*)\)/gm)][0]?.[1] ?? ''
    // These four are for tests and for the Go client alone.
    const linked = [...modules.matchAll(/^\t(\S+) v/gm)].map(([, name = '']) => name).filter((name) => !/pion\/(?:ice|interceptor|rtp|webrtc)|go-internal/.test(name))
    expect(linked.length).toBeGreaterThan(10)
    const shipped = Object.keys(dependencies).filter((name) => !name.startsWith('@ringfence/'))
    const lines = new Set(text().split('\n').map((line) => line.replace(/ v?\d\S*$/, '')))
    for (const name of [...shipped, '@preact/signals-core', 'RNNoise', 'XNNPACK', 'Go', ...linked]) expect(lines, name).toContain(name)
    for (const words of ['Apache License', 'SIL OPEN FONT LICENSE', 'Xiph.Org Foundation', 'ODC-BY', 'The Go Authors', 'Jason Miller']) expect(text()).toContain(words)
  })

  it('stop the build where a package has none', () => {
    const bundle = { a: { type: 'chunk', moduleIds: ['\0/r/node_modules/@x/y/a.js', '/r/src/a.ts'] }, b: { type: 'asset', originalFileNames: ['node_modules/z/z.wasm'] } } as const
    expect([...packagesOf(bundle, '/r')]).toEqual([['@x/y', '/r/node_modules/@x/y'], ['z', '/r/node_modules/z']])
    expect(() => textOf('none', fileURLToPath(new URL('.', import.meta.url)))).toThrow('none has no licence file')
  })
})
