import { type ComponentChildren } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

import { useStill } from './still.ts'
import { windowOf } from './virtual-window.ts'

interface VirtualListProps<T> {
  items: readonly T[]
  idOf: (item: T) => string
  label: string
  /** Draws an item. Only in the row that the keyboard is at may something be reached by Tab. */
  draw: (item: T, reached: boolean) => ComponentChildren
  /** The item that the page is about. */
  current?: string | undefined
}

/** As many rows are drawn before it is known how many are seen. */
const first = 24

const moves: Readonly<Record<string, (at: number, last: number) => number>> = {
  ArrowDown: (at, last) => Math.min(at + 1, last),
  ArrowUp: (at) => Math.max(at - 1, 0),
  Home: () => 0,
  End: (_, last) => last,
}

/**
 * VirtualList draws of a long list only what is seen. All rows are as high as
 * --row says. Arrows, Home and End go from row to row; Tab goes past the list.
 * No row changes its place under a pointer that moves.
 */
export function VirtualList<T>({ items: given, idOf, label, draw, current }: VirtualListProps<T>) {
  const { shown: items, hands } = useStill(given, idOf)
  const ref = useRef<HTMLUListElement>(null)
  const [range, show] = useState({ from: 0, to: first })
  const [at, goTo] = useState<string | undefined>()
  const follow = useRef(false)
  const known = (id: string | undefined): number => (id === undefined ? -1 : items.findIndex((x) => idOf(x) === id))
  const active = [known(at), known(current), 0].find((i) => i >= 0) ?? 0

  // Where rows lie is set here and not in the markup: the page's policy allows no style there.
  useLayoutEffect(() => {
    const list = ref.current
    if (list === null) return
    list.style.setProperty('--rows', String(items.length))
    for (const row of list.children) if (row instanceof HTMLElement) row.style.setProperty('--at', row.dataset['at'] ?? '0')
    if (!follow.current) return
    follow.current = false
    const row = list.querySelector<HTMLElement>(`[data-at="${active}"]`)
    row?.scrollIntoView({ block: 'nearest' })
    row?.querySelector<HTMLElement>('a, button')?.focus({ preventScroll: true })
  })

  useLayoutEffect(() => {
    const list = ref.current
    const scroller = list?.closest<HTMLElement>('[data-scrolls]')
    if (!list || !scroller) return undefined
    const look = (): void => {
      const height = list.firstElementChild?.getBoundingClientRect().height ?? 0
      if (height === 0) return
      const box = scroller.getBoundingClientRect()
      const above = box.top - list.getBoundingClientRect().top
      const { first: from, end: to } = windowOf(Infinity, height, Math.max(0, above), box.height)
      show((x) => (x.from === from && x.to === to ? x : { from, to }))
    }
    look()
    scroller.addEventListener('scroll', look, { passive: true })
    const sizes = new ResizeObserver(look)
    sizes.observe(scroller)
    sizes.observe(list)
    return () => {
      scroller.removeEventListener('scroll', look)
      sizes.disconnect()
    }
  }, [])

  const shown = items.map((_, i) => i).filter((i) => i === active || (i >= range.from && i < range.to))
  const move = (event: KeyboardEvent): void => {
    const step = moves[event.key]
    const next = items[step?.(active, items.length - 1) ?? -1]
    if (next === undefined || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    follow.current = true
    goTo(idOf(next))
  }
  return (
    <ul class="virtual" ref={ref} role="list" aria-label={label} onKeyDown={move} {...hands}>
      {shown.map((i) => {
        const item = items[i]
        if (item === undefined) return null
        const id = idOf(item)
        return (
          <li key={id} data-at={i} aria-setsize={items.length} aria-posinset={i + 1} onFocusCapture={() => goTo(id)}>
            {draw(item, i === active)}
          </li>
        )
      })}
    </ul>
  )
}
