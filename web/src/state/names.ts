import { broken, type FieldProblem, type Problem } from './problem.ts'

/** Limits of names, as the server tells them; these hold until it has. */
export const nameLimits = { min: 2, max: 20, displayMax: 40 } as const

/** handleFrom makes a handle of the name that friends use, or nothing where no letter is left. */
export function handleFrom(displayName: string): string {
  const plain = displayName
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/ß/g, 'ss')
    .toLowerCase()
    .replace(/[\s.'’]+/g, '-')
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^[^a-z]+/, '')
    .replace(/-{2,}/g, '-')
    .slice(0, nameLimits.max)
    .replace(/[-_]+$/, '')
  return plain.length >= nameLimits.min ? plain : ''
}

const letters = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** lengthOf counts characters as people see them. */
export function lengthOf(text: string): number {
  return Array.from(letters.segment(text)).length
}

/** checkDisplayName says what is wrong with a name, so far as this side can tell. */
export function checkDisplayName(displayName: string): FieldProblem | undefined {
  const field = 'display_name'
  const text = displayName.trim()
  if (text === '') return { field, rule: 'required' }
  if (lengthOf(text) > nameLimits.displayMax) return { field, rule: 'max_length', limit: nameLimits.displayMax }
  return undefined
}

/** checkName says what is wrong with the name part of a handle. */
export function checkName(name: string): FieldProblem | undefined {
  const field = 'name'
  const text = name.trim().toLowerCase()
  if (text === '') return { field, rule: 'required' }
  if (!/^[a-z]/.test(text)) return { field, rule: 'first_letter' }
  if (!/^[a-z0-9_-]*$/.test(text)) return { field, rule: 'characters' }
  if (text.length < nameLimits.min) return { field, rule: 'min_length', limit: nameLimits.min }
  if (text.length > nameLimits.max) return { field, rule: 'max_length', limit: nameLimits.max }
  return undefined
}

/** checkHandle says what is wrong with a whole handle, such as anna.4821. */
export function checkHandle(handle: string): Problem | undefined {
  const text = handle.trim().toLowerCase()
  if (text === '') return broken('handle', 'required')
  return /^[a-z][a-z0-9_-]{1,19}\.\d{4}$/.test(text) ? undefined : broken('handle', 'format')
}
