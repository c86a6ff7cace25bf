// Numbers, times and plurals by Intl, so that no catalogue spells them out.

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** Forms are the words of a count: every language has other, few have all. */
export type Forms = Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }>

/** Formats turns values into the words of one language. */
export interface Formats {
  /** The form for n, with # replaced by n. */
  count: (n: number, forms: Forms) => string
  /** How long ago, in words, under a day; the day and time after that. */
  ago: (then: Date, now: Date) => string
  /** How long until, in whole units. */
  until: (then: Date, now: Date) => string
  /** A span of seconds in words, for waiting: "40 seconds". */
  wait: (seconds: number) => string
  /** A running time as a clock shows it: 3:07, 1:02:03. */
  clock: (seconds: number) => string
}

/** formats makes the Formats of a locale. */
export function formats(locale: string): Formats {
  const plural = new Intl.PluralRules(locale)
  const number = new Intl.NumberFormat(locale)
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const moment = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long', hour: 'numeric', minute: '2-digit' })
  const two = new Intl.NumberFormat(locale, { minimumIntegerDigits: 2, useGrouping: false })
  const unit = (n: number, name: 'second' | 'minute' | 'hour' | 'day'): string =>
    new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'long' }).format(n)

  return {
    count: (n, forms) => (forms[plural.select(n)] ?? forms.other).replace('#', number.format(n)),
    ago: (then, now) => {
      const ms = now.getTime() - then.getTime()
      if (ms < minute) return relative.format(0, 'minute')
      if (ms < hour) return relative.format(-Math.floor(ms / minute), 'minute')
      if (ms < day) return relative.format(-Math.floor(ms / hour), 'hour')
      return moment.format(then)
    },
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
    clock: (seconds) => {
      const s = Math.max(0, Math.floor(seconds))
      const h = Math.floor(s / 3600)
      const m = Math.floor(s / 60) % 60
      const tail = two.format(s % 60)
      return h > 0 ? `${number.format(h)}:${two.format(m)}:${tail}` : `${number.format(m)}:${tail}`
    },
  }
}
