import { ESLint, Linter } from 'eslint'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'

import rules from './eslint-rules.js'
import { precompress } from './precompress.ts'
import { fixedWorkers, workerFileName, workerInputs } from './workers.ts'

const list = [{ entry: 'src/push.ts', path: '/push.js' }] as const

describe('workers', () => {
  it('get the address that is listed, and other chunks get none', () => {
    const [name = ''] = Object.keys(workerInputs(list))
    expect(workerInputs(list)[name]).toMatch(/\/web\/src\/push\.ts$/)
    expect(workerFileName({ name }, list)).toBe('push.js')
    expect(workerFileName({ name: 'index' }, list)).toBeUndefined()
  })

  it.each(["new Worker(new URL('./w.ts', import.meta.url))", "import W from './w.ts?worker'", "import W from './w.ts?inline&sharedworker'"])(
    'that are not listed fail the build: %s',
    (code) => {
      const plugin = fixedWorkers()
      const error = (message: string): never => {
        throw new Error(message)
      }
      const run = (id: string): unknown => (plugin.transform as (this: object, code: string, id: string) => unknown).call({ error }, code, id)
      expect(() => run('/src/a.ts')).toThrow('workers.ts')
      expect(run('/node_modules/x.js')).toBeNull()
    },
  )
})

describe('packed files', () => {
  it('lie beside those that gain by it', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'ringfence-'))
    try {
      const text = 'the same again '.repeat(100)
      await Promise.all([writeFile(join(dir, 'a.js'), text), writeFile(join(dir, 'b.js'), 'x'), writeFile(join(dir, 'c.png'), text)])
      await (precompress().writeBundle as (options: object) => Promise<void>)({ dir })
      expect(gunzipSync(await readFile(join(dir, 'a.js.gz'))).toString()).toBe(text)
      await expect(readFile(join(dir, 'b.js.gz'))).rejects.toThrow()
      await expect(readFile(join(dir, 'c.png.gz'))).rejects.toThrow()
    } finally {
      await rm(dir, { recursive: true })
    }
  })
})

describe('text in components', () => {
  const check = (code: string): number =>
    new Linter().verify(code, {
      files: ['**'],
      languageOptions: { parserOptions: { ecmaFeatures: { jsx: true } } },
      plugins: { ringfence: rules },
      rules: { 'ringfence/no-literal-text': 'error', 'ringfence/no-inline-style': 'error' },
    }).length

  it.each([
    '<p>Hello</p>',
    "<p>{'Hello'}</p>",
    '<p>{`Hello ${name}`}</p>',
    "<p>{open ? 'Open' : t.closed}</p>",
    "<p>{name || 'Nobody'}</p>",
    "<p>{'Dear ' + name}</p>",
    '<button aria-label="Close" />',
    "<button title={'Close'} />",
    '<input placeholder={`Name`} />',
    '<img alt="A cat" />',
    '<>Hello</>',
    '<p style="color: red" />',
    '<p dangerouslySetInnerHTML={x} />',
  ])('is refused: %s', (code) => {
    expect(check(code)).toBe(1)
  })

  it.each(['<p>{t.hello}</p>', '<p> · </p>', "<p>{a}{' '}{b}</p>", '<p class="big" id="x" />', '<img alt="" />', '<button aria-label={t.close} />', "<Page name='people' />", '<p>{`${a} · ${b}`}</p>'])(
    'is allowed: %s',
    (code) => {
      expect(check(code)).toBe(0)
    },
  )
})

describe('the border between client and SDK', () => {
  const eslint = new ESLint({ cwd: fileURLToPath(new URL('..', import.meta.url)) })

  it.each([
    ['src/state/app.ts', 'no-restricted-globals', 'fetch'],
    ['src/main.tsx', 'no-restricted-globals', 'WebSocket'],
    ['src/ui/x.tsx', 'no-restricted-globals', 'RTCPeerConnection'],
    ['src/main.tsx', 'no-restricted-properties', 'sendBeacon'],
    ['src/main.tsx', 'no-restricted-imports', '@ringfence/sdk/*'],
    ['src/state/app.ts', 'no-restricted-imports', 'preact'],
    ['sdk/src/call.ts', 'no-restricted-globals', 'document'],
    ['sdk/src/call.ts', 'no-restricted-imports', 'imports nothing but itself'],
  ])('in %s is held by %s: %s', async (file, rule, what) => {
    const config = (await eslint.calculateConfigForFile(file)) as { rules: Record<string, unknown[]> }
    expect(config.rules[rule]?.[0]).toBe(2)
    expect(JSON.stringify(config.rules[rule])).toContain(what)
  })
})
