import { formats } from '../format.ts'

/** f puts values into English words. */
export const f = formats('en', ['one'], (moment) => `on ${moment}`)
