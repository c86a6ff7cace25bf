import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

import { en } from './en/index.ts'

const root = new URL('..', import.meta.url)

/** All that draws or decides, but for the catalogues themselves and the tests. */
const code = (readdirSync(root, { recursive: true }) as string[])
  .filter((file) => /\.tsx?$/.test(file) && !file.includes('.test.') && !/^text\/(?:\w\w|pseudo\.ts)/.test(file))
  .map((file) => readFileSync(new URL(file, root), 'utf8'))
  .join('\n')

/** A room of its own inside another, that is handed on whole for a value to pick from. */
const handedOn = (path: readonly string[]): boolean => path.slice(1).some((room) => new RegExp(`\\.${room}\\b(?!\\??\\.)`).test(code))

function unread(words: object, path: readonly string[]): string[] {
  return Object.entries(words).flatMap(([key, value]) => {
    if (typeof value === 'object' && value !== null) return unread(value as object, [...path, key])
    const room = path.at(-1) ?? ''
    // A room that is used much may have a letter for its name.
    const read = new RegExp(`\\b(?:${room}|[a-z])\\??\\.${key}\\b`).test(code)
    // From a large room a word is picked by a value that is written somewhere.
    const byValue = new RegExp(`\\b${room}\\[`).test(code) && code.includes(`'${key}'`)
    return read || byValue || handedOn(path) ? [] : [[...path, key].join('.')]
  })
}

it('every word of the catalogue is read somewhere', () => {
  // Those of errors are picked by codes that the server sends; errors.ts and its tests hold them.
  expect(unread({ ...en, errors: {} }, [])).toEqual([])
})
