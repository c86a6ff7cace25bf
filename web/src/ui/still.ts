import { useEffect, useRef, useState } from 'preact/hooks'

/** How long a mouse that rests still counts as on its way to a press. */
const resting = 2_000
/** A finger's press counts a little after it is gone. */
const leaving = 400

/** inOrder gives items in the order of before, where they are the same ones; any others come as they are. */
export function inOrder<T>(items: readonly T[], idOf: (item: T) => string, before: readonly string[]): readonly T[] {
  if (before.length !== items.length) return items
  const byId = new Map(items.map((x) => [idOf(x), x]))
  const same = before.map((id) => byId.get(id)).filter((x) => x !== undefined)
  return same.length === items.length ? same : items
}

/**
 * useStill keeps rows where they are while somebody is about to press one:
 * whoever comes or goes just then must not put another row under the pointer.
 */
export function useStill<T>(items: readonly T[], idOf: (item: T) => string) {
  const held = useRef<readonly string[] | undefined>(undefined)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const [, draw] = useState(0)
  const shown = held.current === undefined ? items : inOrder(items, idOf, held.current)
  const letGo = (after: number): void => {
    clearTimeout(timer.current)
    timer.current = setTimeout(() => {
      held.current = undefined
      draw((n) => n + 1)
    }, after)
  }
  useEffect(() => () => clearTimeout(timer.current), [])
  const hold = (): void => {
    held.current ??= shown.map(idOf)
    letGo(resting)
  }
  return {
    shown,
    hands: {
      onPointerMove: hold,
      onPointerDown: hold,
      onPointerLeave: (): void => {
        if (held.current !== undefined) letGo(leaving)
      },
    },
  }
}
