/**
 * apart sets a person's own words (a name, a handle) apart from a sentence that
 * may run the other way, so that neither turns the other around (UAX #9, isolates).
 */
export const apart = (words: string): string => (words === '' ? '' : `\u2068${words}\u2069`)
