import { formats } from '../format.ts'

/** f puts values into German words. */
export const f = formats('de', ['one'], (moment) => `am ${moment}`)
