import { formats } from '../format.ts'

/** f puts values into Spanish words. */
export const f = formats('es', ['one', 'many'], (moment) => `el ${moment}`)
