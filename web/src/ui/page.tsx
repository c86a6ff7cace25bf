import { type ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'

import { t } from '../text/index.ts'

/** useTitle names the page in the browser's tab. */
export function useTitle(title: string): void {
  useLayoutEffect(() => {
    document.title = t.app.title(title)
  }, [title])
}

/** Heading is the title of a screen. It takes the focus when the screen or the step comes, so that it is read aloud. */
export function Heading({ children, quiet = false }: { children: string; quiet?: boolean }) {
  const ref = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (!quiet && document.activeElement === document.body) ref.current?.focus({ preventScroll: true })
  }, [children])
  useTitle(children)
  return (
    <h1 ref={ref} tabIndex={-1}>
      {children}
    </h1>
  )
}

/** Entry is a screen with one thing on it: in the middle, narrow. */
export function Entry({ children }: { children: ComponentChildren }) {
  return (
    <main class="entry" id="content" tabIndex={-1}>
      {children}
    </main>
  )
}

/** Section is a part of a screen with a heading of its own. */
export function Section({ title, id, children, aside }: { title: string; id: string; children: ComponentChildren; aside?: ComponentChildren }) {
  return (
    <section class="part" aria-labelledby={id}>
      <div class="part-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  )
}
