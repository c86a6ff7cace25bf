import { type ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

import { windowOf } from './virtual-window.ts'

interface VirtualListProps<T> {
  items: readonly T[]
  keyOf: (item: T) => string
  /** Every row is this high, in CSS pixels at a root font of 16: known before anything is drawn, so nothing jumps. */
  rowHeight: number
  label: string
  children: (item: T) => ComponentChildren
}

/** Fewer rows than this are simply all there. */
const worthIt = 60

/**
 * VirtualList draws only the rows that can be seen, out of any number. It
 * scrolls with what it lies in. Screen readers hear the place of each row in
 * the whole; arrows, Home and End lead from row to row, also to those that are
 * not drawn yet.
 */
export function VirtualList<T>({ items, keyOf, rowHeight, label, children }: VirtualListProps<T>) {
  const ref = useRef<HTMLUListElement>(null)
  const wanted = useRef<number | undefined>(undefined)
  const [view, look] = useState({ above: 0, height: 900, unit: 1 })
  const row = rowHeight * view.unit
  const small = items.length < worthIt
  const { first, end } = small ? { first: 0, end: items.length } : windowOf(items.length, row, view.above, view.height)

  useEffect(() => {
    const list = ref.current
    if (list === null || small) return undefined
    const frame = scrollerOf(list)
    let asked = 0
    const measure = (): void => {
      asked = 0
      const unit = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16
      const above = Math.max(0, topOf(frame) - list.getBoundingClientRect().top)
      const height = frame === document ? innerHeight : (frame as HTMLElement).clientHeight
      look((v) => (v.above === above && v.height === height && v.unit === unit ? v : { above, height, unit }))
    }
    const soon = (): void => void (asked ||= requestAnimationFrame(measure))
    measure()
    frame.addEventListener('scroll', soon, { passive: true })
    addEventListener('resize', soon)
    return () => {
      cancelAnimationFrame(asked)
      frame.removeEventListener('scroll', soon)
      removeEventListener('resize', soon)
    }
  }, [small])

  // A row that the keyboard asked for may be drawn only now.
  useLayoutEffect(() => {
    if (wanted.current === undefined) return
    if (focusRow(ref.current, wanted.current)) wanted.current = undefined
  })

  const move = (event: KeyboardEvent): void => {
    const from = rowOf(event.target)
    if (from === undefined) return
    const to = target(event.key, from, items.length)
    if (to === undefined || to === from) return
    event.preventDefault()
    if (focusRow(ref.current, to)) return
    wanted.current = to
    const list = ref.current
    if (list === null) return
    const frame = scrollerOf(list)
    const by = list.getBoundingClientRect().top - topOf(frame) + to * row
    if (frame === document) scrollBy(0, by)
    else (frame as HTMLElement).scrollBy(0, by)
  }

  return (
    <ul class="list virtual" ref={ref} aria-label={label} onKeyDown={move}>
      {first > 0 && <Gap rows={first} row={row} />}
      {items.slice(first, end).map((item, i) => (
        <li key={keyOf(item)} aria-setsize={items.length} aria-posinset={first + i + 1} data-row={first + i}>
          {children(item)}
        </li>
      ))}
      {end < items.length && <Gap rows={items.length - end} row={row} />}
    </ul>
  )
}

/** Gap stands for rows that are not drawn. Its size comes by an attribute: the page's policy allows no style. */
function Gap({ rows, row }: { rows: number; row: number }) {
  return (
    <li class="gap" role="presentation" aria-hidden="true">
      <svg width="1" height={rows * row} focusable="false" />
    </li>
  )
}

/** scrollerOf is what scrolls an element: the nearest box that does, or the page. */
function scrollerOf(element: HTMLElement): HTMLElement | Document {
  for (let e = element.parentElement; e !== null && e !== document.body; e = e.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(e).overflowY)) return e
  }
  return document
}

const topOf = (frame: HTMLElement | Document): number => (frame instanceof Document ? 0 : frame.getBoundingClientRect().top)

function rowOf(target: EventTarget | null): number | undefined {
  const row = target instanceof Element ? target.closest<HTMLElement>('[data-row]') : null
  return row === null ? undefined : Number(row.dataset['row'])
}

function target(key: string, from: number, count: number): number | undefined {
  switch (key) {
    case 'ArrowDown':
      return Math.min(count - 1, from + 1)
    case 'ArrowUp':
      return Math.max(0, from - 1)
    case 'Home':
      return 0
    case 'End':
      return count - 1
    default:
      return undefined
  }
}

function focusRow(list: HTMLElement | null, row: number): boolean {
  const to = list?.querySelector<HTMLElement>(`[data-row="${row}"] :is(a[href], button)`)
  if (!to) return false
  to.focus()
  to.scrollIntoView({ block: 'nearest' })
  return true
}
