/** hasKeyboard guesses it from a mouse: there is no asking. */
export const hasKeyboard = (): boolean => typeof matchMedia === 'function' && matchMedia('(hover: hover)').matches
