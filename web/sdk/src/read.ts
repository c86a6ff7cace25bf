// Readers turn what came from outside into values of known types. A reader
// throws Malformed, with the path to what it could not read and never the value.

/** Malformed says where something from outside is not what was promised. */
export class Malformed extends Error {
  override name = 'Malformed'
}

/** Reader reads one value; path names it in the error. */
export type Reader<T> = (value: unknown, path: string) => T

const refuse = (path: string, want: string): never => {
  throw new Malformed(`${path}: want ${want}`)
}

export const text: Reader<string> = (v, path) => (typeof v === 'string' ? v : refuse(path, 'text'))
export const flag: Reader<boolean> = (v, path) => (typeof v === 'boolean' ? v : refuse(path, 'true or false'))
export const whole: Reader<number> = (v, path) =>
  typeof v === 'number' && Number.isSafeInteger(v) && v >= 0 ? v : refuse(path, 'a whole number')

/** time reads a moment in RFC 3339. */
export const time: Reader<Date> = (v, path) => {
  const at = typeof v === 'string' && /^\d{4}-\d\d-\d\dT/.test(v) ? new Date(v) : new Date(NaN)
  return Number.isNaN(at.getTime()) ? refuse(path, 'a time') : at
}

/** record reads a JSON object, whatever its fields. */
export const record: Reader<Readonly<Record<string, unknown>>> = (v, path) =>
  typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Readonly<Record<string, unknown>>) : refuse(path, 'an object')

/** oneOf reads one of the listed texts. */
export function oneOf<const T extends string>(values: readonly T[]): Reader<T> {
  return (v, path) => values.find((x) => x === v) ?? refuse(path, 'a known word')
}

/** oneOfOr reads one of the listed texts; words that a newer server has and we don't become fallback. */
export function oneOfOr<const T extends string>(values: readonly T[], fallback: T): Reader<T> {
  return (v, path) => values.find((x) => x === text(v, path)) ?? fallback
}

/** matching reads a text that test accepts. */
export function matching<T extends string>(test: (v: unknown) => boolean, want: string): Reader<T> {
  return (v, path) => (test(v) ? (v as T) : refuse(path, want))
}

/** list reads an array. */
export function list<T>(item: Reader<T>): Reader<readonly T[]> {
  return (v, path) => (Array.isArray(v) ? v.map((x, i) => item(x, `${path}[${i}]`)) : refuse(path, 'a list'))
}

type Fields = Readonly<Record<string, Reader<unknown>>>
// eslint-disable-next-line @typescript-eslint/no-generated-empty-object-type -- no optional fields is what it means
type NoFields = Readonly<Record<never, Reader<unknown>>>
type Read<F extends Fields> = { readonly [K in keyof F]: ReturnType<F[K]> }

/**
 * object reads the required and the optional fields, and leaves out all
 * others. An optional field that is absent stays absent.
 */
export function object<R extends Fields, O extends Fields = NoFields>(
  required: R,
  optional?: O,
): Reader<Read<R> & Partial<Read<O>>> {
  return (v, path) => {
    const from = record(v, path)
    const out: Record<string, unknown> = {}
    for (const [name, read] of Object.entries(required)) out[name] = read(from[name], `${path}.${name}`)
    for (const [name, read] of Object.entries(optional ?? {})) {
      if (from[name] !== undefined) out[name] = read(from[name], `${path}.${name}`)
    }
    return out as Read<R> & Partial<Read<O>>
  }
}
