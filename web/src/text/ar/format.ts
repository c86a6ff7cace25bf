import { formats } from '../format.ts'

/** f puts values into Arabic words. */
export const f = formats('ar', ['zero', 'one', 'two', 'few', 'many'], (moment) => `يوم ${moment}`)
