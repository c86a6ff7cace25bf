import { useEffect, useRef } from 'preact/hooks'

/** A mouse rests for this long before words come, and may be away for the shorter one before they go. */
const rest = 500
const away = 150
const gap = 6
const edge = 8

const named = (at: EventTarget | null): HTMLElement | null => (at instanceof Element ? at.closest<HTMLElement>('[data-tip]') : null)

/** Shows in tip what is asked about by resting a mouse on it, or by coming to it with the Tab key; gives back how to stop. */
function showsNames(tip: HTMLElement): () => void {
  const ends = new AbortController()
  let of: HTMLElement | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let over: HTMLElement | null = null
  let tabbed = false

  const hide = (): void => {
    clearTimeout(timer)
    of = undefined
    changes.disconnect()
    if (tip.matches(':popover-open')) tip.hidePopover()
  }
  const show = (e: HTMLElement): void => {
    hide()
    if (!e.isConnected) return
    of = e
    tip.textContent = e.dataset['tip'] ?? ''
    tip.showPopover()
    const [at, own] = [e.getBoundingClientRect(), tip.getBoundingClientRect()]
    const left = Math.max(edge, Math.min(at.left + (at.width - own.width) / 2, innerWidth - own.width - edge))
    const under = at.bottom + gap
    tip.style.left = `${left}px`
    tip.style.top = `${under + own.height + edge > innerHeight ? Math.max(edge, at.top - gap - own.height) : under}px`
    changes.observe(document.body, { childList: true, subtree: true })
  }
  // What it names may leave the page without the mouse or the focus having moved.
  const changes = new MutationObserver(() => of?.isConnected === true || hide())
  const on = <K extends keyof DocumentEventMap>(type: K, fn: (event: DocumentEventMap[K]) => void): void =>
    document.addEventListener(type, fn, { signal: ends.signal, capture: true, passive: true })

  // Moved by a hand: what comes to lie under a mouse that rests says nothing.
  on('pointermove', (event) => {
    if (event.pointerType === 'touch') return
    const e = named(event.target) ?? (event.target === tip ? (of ?? null) : null)
    if (e === over) return
    over = e
    clearTimeout(timer)
    if (e !== null && e !== of) timer = setTimeout(show, rest, e)
    else if (e === null && of !== undefined) timer = setTimeout(hide, away)
  })
  on('pointerout', (event) => {
    if (event.relatedTarget !== null) return
    over = null // out of the window
    hide()
  })
  on('keydown', (event) => {
    tabbed = event.key === 'Tab'
    hide()
  })
  on('focusin', (event) => {
    const e = named(event.target)
    if (tabbed && e !== null) show(e)
    else hide()
  })
  on('focusout', hide)
  on('pointerdown', () => {
    tabbed = false
    hide()
  })
  on('scroll', hide)
  return () => {
    ends.abort()
    hide()
  }
}

/**
 * Tip shows the name of a button that has an icon alone. It is for the eye: a
 * screen reader has the same words as the button's name, and is not told twice.
 */
export function Tip() {
  const ref = useRef<HTMLDivElement>(null)
  useEffect(() => (ref.current === null ? undefined : showsNames(ref.current)), [])
  return <div class="tip" ref={ref} popover="manual" aria-hidden="true" />
}
