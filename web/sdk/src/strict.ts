import { Malformed } from './read.ts'

const maxDepth = 18
const maxKeys = 64
const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/gs

/** Visit sees each value's first token, with the key of the outermost object that it stands under. */
type Visit = (outerKey: string, raw: string) => void

interface Level {
  /** Keys so far, folded; undefined in a list. */
  readonly keys: Set<string> | undefined
  expectsKey: boolean
}

/**
 * parseStrict parses a JSON object and refuses what readers of JSON disagree
 * about: a key that comes twice or differs in case alone, an escaped key, and
 * depth without end. It throws Malformed.
 */
export function parseStrict(text: string, visit: Visit = () => undefined): unknown {
  let value: unknown
  try {
    value = JSON.parse(text) as unknown
  } catch {
    throw new Malformed('not JSON')
  }
  const levels: Level[] = []
  let outerKey = ''
  for (const [raw] of text.matchAll(token)) { // the syntax is known to be right
    const level = levels.at(-1)
    if (raw === '{' || raw === '[') {
      if (levels.length > 0) visit(outerKey, raw)
      levels.push({ keys: raw === '{' ? new Set() : undefined, expectsKey: raw === '{' })
      if (levels.length > maxDepth) throw new Malformed('nested too deep')
    } else if (raw === '}' || raw === ']') levels.pop()
    else if (raw === ',' && level?.keys !== undefined) level.expectsKey = true
    else if (raw === ',' || raw === ':') continue
    else if (level?.keys !== undefined && level.expectsKey) {
      const key = takeKey(level.keys, raw)
      level.expectsKey = false
      if (levels.length === 1) outerKey = key
    } else visit(outerKey, raw)
  }
  return value
}

function takeKey(keys: Set<string>, raw: string): string {
  if (raw.includes('\\')) throw new Malformed('an escaped key')
  const key = raw.slice(1, -1)
  const folded = key.toLowerCase()
  if (keys.has(folded)) throw new Malformed('a key that comes twice')
  keys.add(folded)
  if (keys.size > maxKeys) throw new Malformed('too many keys')
  return key
}
