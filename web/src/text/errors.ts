import { type FieldProblem, type Problem } from '../state/problem.ts'
import { type Text } from './en/index.ts'

function words(entry: string | ((limit: number) => string) | undefined, limit: number): string | undefined {
  return typeof entry === 'function' ? entry(limit) : entry
}

/** fieldSentence says what is wrong with one field. */
export function fieldSentence(t: Text, p: FieldProblem): string {
  const limit = p.limit ?? 0
  const { fields, rules } = t.errors
  return words(fields[`${p.field}.${p.rule}`], limit) ?? words(rules[p.rule], limit) ?? words(rules['other'], limit) ?? ''
}

/** sentence says what happened and what to do. */
export function sentence(t: Text, p: Problem): string {
  const special = p.during === undefined ? undefined : t.errors.during[p.during][p.code]
  if (special !== undefined) return special
  if (p.code !== 'invalid') {
    const named = p.fields.find((x) => `${x.field}.${x.rule}` in t.errors.fields)
    if (named !== undefined) return fieldSentence(t, named)
  }
  const known: Partial<Text['errors']['codes']> = t.errors.codes // a newer server may have codes that we don't know
  const entry = known[p.code] ?? t.errors.codes.internal
  return typeof entry === 'function' ? entry(p) : entry
}

/** sentenceFor says what is wrong with the named field, or nothing where it is fine. */
export function sentenceFor(t: Text, p: Problem | undefined, field: string): string | undefined {
  const hit = p?.fields.find((x) => x.field === field)
  return hit && fieldSentence(t, hit)
}

/** sentenceBeside says what stands beside no field of the form already. */
export function sentenceBeside(t: Text, p: Problem | undefined, fields: readonly string[]): string | undefined {
  if (p === undefined) return undefined
  const allShown = p.fields.length > 0 && p.fields.every((x) => fields.includes(x.field))
  return allShown ? undefined : sentence(t, p)
}
