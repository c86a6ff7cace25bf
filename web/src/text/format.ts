// Numbers, times and plurals by Intl, so that no catalogue spells them out.

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** Forms are the words of a count: one for each form that the language has. */
export type Forms<Rule extends Intl.LDMLPluralRule> = Readonly<Record<Rule, string>>

/** Formats turns values into the words of one language. */
export interface Formats<Rule extends Intl.LDMLPluralRule> {
  /** The plural forms of the language. */
  readonly rules: readonly Rule[]
  /** The form for n, with # replaced by n. */
  count: (n: number, forms: Forms<Rule>) => string
  /** A number as it is written. */
  number: (n: number) => string
  /** A part of a whole: 0.4 is 40 %. */
  percent: (part: number) => string
  /** The time of a day: 12:04. */
  time: (then: Date) => string
  /** The day in words: today, yesterday, Monday, 3 March. */
  day: (then: Date, now: Date) => string
  /** How long ago, in words, under a day; the day and time after that. */
  ago: (then: Date, now: Date) => string
  /** The same after a verb: on Friday. */
  when: (then: Date, now: Date) => string
  /** How long until, in whole units. */
  until: (then: Date, now: Date) => string
  /** A span of seconds in words, for waiting: "40 seconds". */
  wait: (seconds: number) => string
  /** How long something lasted, in words: 3 minutes. */
  lasted: (seconds: number) => string
  /** A running time as a clock shows it: 3:07, 1:02:03. */
  clock: (seconds: number) => string
}

/** The way of the person's own country with this language, where the browser tells: a British clock has 24 hours. */
function regional(language: string): string {
  const asked = typeof navigator === 'undefined' ? [] : (navigator.languages as readonly string[] | undefined) ?? []
  return asked.find((tag) => tag.split('-')[0]?.toLowerCase() === language) ?? language
}

/** Digits are Latin in every language, as they are in handles and links. */
const latin = (tag: string): string => new Intl.Locale(tag, { numberingSystem: 'latn' }).toString()

const startOfDay = (d: Date): number => new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime()

/** formats makes the Formats of a language that has these plural forms; on puts before a moment what belongs there after a verb. */
export function formats<const Rule extends Intl.LDMLPluralRule>(language: string, rules: readonly Rule[], on: (moment: string) => string): Formats<Rule | 'other'> {
  const locale = latin(regional(language))
  const plural = new Intl.PluralRules(language)
  const number = new Intl.NumberFormat(locale)
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 })
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const moment = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long', hour: 'numeric', minute: '2-digit' })
  const time = new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit' })
  const weekday = new Intl.DateTimeFormat(locale, { weekday: 'long' })
  const date = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long' })
  const fullDate = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', year: 'numeric' })
  const two = new Intl.NumberFormat(locale, { minimumIntegerDigits: 2, useGrouping: false })
  const unit = (n: number, name: 'second' | 'minute' | 'hour' | 'day'): string =>
    new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'long' }).format(n)
  /** How long ago, where that is under a day. */
  const under = (then: Date, now: Date): string | undefined => {
    const ms = now.getTime() - then.getTime()
    if (ms < minute) return relative.format(0, 'minute')
    if (ms < hour) return relative.format(-Math.floor(ms / minute), 'minute')
    return ms < day ? relative.format(-Math.floor(ms / hour), 'hour') : undefined
  }

  return {
    rules: [...rules, 'other'],
    count: (n, forms) => {
      const all: Readonly<Partial<Record<Intl.LDMLPluralRule, string>>> = forms
      return (all[plural.select(n)] ?? forms.other).replace('#', number.format(n))
    },
    number: (n) => number.format(n),
    percent: (part) => percent.format(part),
    time: (then) => time.format(then),
    day: (then, now) => {
      const days = Math.round((startOfDay(then) - startOfDay(now)) / day)
      if (days > -2 && days <= 0) return relative.format(days, 'day')
      if (days > -7 && days < 0) return weekday.format(then)
      return then.getFullYear() === now.getFullYear() ? date.format(then) : fullDate.format(then)
    },
    ago: (then, now) => under(then, now) ?? moment.format(then),
    when: (then, now) => under(then, now) ?? on(moment.format(then)),
    until: (then, now) => {
      const ms = Math.max(0, then.getTime() - now.getTime())
      if (ms < hour) return relative.format(Math.max(1, Math.ceil(ms / minute)), 'minute')
      if (ms < day) return relative.format(Math.round(ms / hour), 'hour')
      return relative.format(Math.round(ms / day), 'day')
    },
    wait: (seconds) => {
      if (seconds < 90) return unit(Math.max(1, Math.ceil(seconds)), 'second')
      if (seconds < 90 * 60) return unit(Math.ceil(seconds / 60), 'minute')
      return unit(Math.ceil(seconds / 3600), 'hour')
    },
    lasted: (seconds) => {
      if (seconds < 60) return unit(Math.max(1, Math.round(seconds)), 'second')
      if (seconds < 3600) return unit(Math.round(seconds / 60), 'minute')
      const minutes = Math.round((seconds % 3600) / 60)
      return [unit(Math.floor(seconds / 3600), 'hour'), ...(minutes > 0 ? [unit(minutes, 'minute')] : [])].join(' ')
    },
    clock: (seconds) => {
      const s = Math.max(0, Math.floor(seconds))
      const h = Math.floor(s / 3600)
      const m = Math.floor(s / 60) % 60
      const tail = two.format(s % 60)
      return h > 0 ? `${number.format(h)}:${two.format(m)}:${tail}` : `${number.format(m)}:${tail}`
    },
  }
}
