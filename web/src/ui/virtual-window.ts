/** Rows that are drawn beyond what can be seen, so that quick scrolling finds them there. */
const spare = 8

/** Window is which rows are drawn: from first, up to and without end. */
export interface Window {
  readonly first: number
  readonly end: number
}

/**
 * windowOf says which of count rows, each row pixels high, are drawn where
 * above pixels of the list lie over the edge of what scrolls it and height can
 * be seen. Both ends lie on a multiple of the spare, so that a scroll of one
 * row draws nothing anew.
 */
export function windowOf(count: number, row: number, above: number, height: number): Window {
  const at = (rows: number): number => Math.min(count, Math.max(0, rows))
  const first = Math.floor(Math.floor(above / row) / spare) * spare - spare
  const end = Math.ceil(Math.ceil((above + height) / row) / spare) * spare + spare
  return { first: at(first), end: at(end) }
}
