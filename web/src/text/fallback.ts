// Where a language has no words yet, it says it in English: a new sentence
// needs no other language on the day it is written.

import { en, type Text } from './en/index.ts'

type Part<T> = T extends ((...args: never[]) => unknown) | readonly unknown[] ? T : T extends object ? { readonly [K in keyof T]?: Part<T[K]> } : T

/** TextPart is a catalogue that may lack words. */
export type TextPart = Part<Text>

const isRoom = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

function over(whole: unknown, part: unknown): unknown {
  if (part === undefined) return whole
  if (!isRoom(whole) || !isRoom(part)) return part
  return { ...whole, ...Object.fromEntries(Object.entries(part).map(([k, v]) => [k, over(whole[k], v)])) }
}

/** elseEnglish is the whole catalogue of a language, in English where it has no words. */
export function elseEnglish(part: TextPart): Text {
  return over(en, part) as Text
}
