import { type LucideIcon } from 'lucide-preact'
import { type ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

import { Icon } from './button.tsx'

interface EmptyStateProps {
  title: string
  why?: string
  icon?: LucideIcon
  /** The first step, as a button or a link. */
  children?: ComponentChildren
}

/** EmptyState says what will be in an empty place, and offers the first step. */
export function EmptyState({ title, why, icon, children }: EmptyStateProps) {
  return (
    <div class="empty-state">
      {icon && <Icon of={icon} size={32} />}
      <p class="empty-title">{title}</p>
      {why !== undefined && <p class="quiet">{why}</p>}
      {children}
    </div>
  )
}

/** Skeleton holds the place of rows that are still to come; label says so aloud. */
export function Skeleton({ rows = 3, face = false, label }: { rows?: number; face?: boolean; label: string }) {
  return (
    <div class="skeleton" role="status">
      <span class="unseen">{label}</span>
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} class="skeleton-row" aria-hidden="true">
          {face && <span class="skeleton-face" />}
          <span class="skeleton-lines">
            <span />
            <span />
          </span>
        </div>
      ))}
    </div>
  )
}

/** Progress shows how far something is; without a part it only shows that it goes on. */
export function Progress({ label, part, words }: { label: string; part?: number | undefined; words?: string }) {
  const id = useId()
  return (
    <div class="progress">
      <div class="slider-head">
        <label for={id}>{label}</label>
        {words !== undefined && <span class="quiet nums">{words}</span>}
      </div>
      <progress id={id} {...(part === undefined ? {} : { value: part })} max={1} />
    </div>
  )
}

/** Count is how many wait somewhere; label says of what. Nought is not drawn. */
export function Count({ n, label, words }: { n: number; label: string; words: string }) {
  if (n <= 0) return null
  return (
    <span class="count nums">
      <span aria-hidden="true">{words}</span>
      <span class="unseen">{label}</span>
    </span>
  )
}

interface BannerProps {
  children: ComponentChildren
  icon?: LucideIcon
  /** What one can do about it: buttons. */
  actions?: ComponentChildren
  /** strong is for what keeps one from calling. */
  kind?: 'calm' | 'strong'
}

/** Banner says something about the whole page, at its top. It sits in a live region of whoever draws it. */
export function Banner({ children, icon, actions, kind = 'calm' }: BannerProps) {
  return (
    <div class={`banner ${kind}`}>
      {icon && <Icon of={icon} size={18} />}
      <p>{children}</p>
      {actions}
    </div>
  )
}

interface RowProps {
  /** What stands before the words: a face, an icon. */
  start?: ComponentChildren
  title: ComponentChildren
  under?: ComponentChildren
  /** What stands behind them: a time, a button. */
  end?: ComponentChildren
}

/** Row is one of a list: something to see, a name, a quiet line beneath, something to do. */
export function Row({ start, title, under, end }: RowProps) {
  return (
    <div class="row">
      {start}
      <div class="grow">
        <p>{title}</p>
        {under !== undefined && <p class="quiet small">{under}</p>}
      </div>
      {end}
    </div>
  )
}
