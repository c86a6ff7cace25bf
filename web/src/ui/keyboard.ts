/** hasKeyboard guesses it: there is no asking. A device that one only touches has none. */
export const hasKeyboard = (): boolean => typeof matchMedia === 'function' && !matchMedia('(hover: none) and (pointer: coarse)').matches
