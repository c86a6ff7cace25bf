import { t } from '../text/index.ts'

/** Mark is the project's: a ring with a gate, and somebody in it. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path d="M27 16A11 11 0 1 1 16 5" fill="none" stroke="currentColor" stroke-width="5.2" stroke-linecap="round" />
      <circle cx="23.78" cy="8.22" r="3.9" fill="currentColor" />
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
