import { formats } from '../format.ts'

/** f puts values into French words. */
export const f = formats('fr', ['one', 'many'], (moment) => `le ${moment}`)
