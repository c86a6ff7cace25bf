import { t } from '../text/index.ts'

/** Mark is the project's: a ring with an opening, and somebody inside. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path d="M22.2 5.6A12 12 0 1 0 28 16" fill="none" stroke="currentColor" stroke-width="3.4" stroke-linecap="round" />
      <circle cx="16" cy="16" r="4.6" fill="currentColor" />
    </svg>
  )
}

/** Wordmark is the mark with the name. */
export function Wordmark() {
  return (
    <p class="wordmark">
      <Mark />
      <span translate={false}>{t.app.name}</span>
    </p>
  )
}
