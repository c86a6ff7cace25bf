import { type NewPassword } from '../state/password.ts'
import { t } from '../text/index.ts'

/** wordsFor says how hard the password is to guess, and why it is not harder: what is told already, not again. */
function wordsFor(password: NewPassword, told: boolean): { verdict: string; reason: string } {
  if (password.value.value === '') return { verdict: '', reason: '' }
  if (password.tooShort.value) return { verdict: '', reason: told ? '' : t.password.tooShort(password.minLength.value) }
  const judged = password.score.value
  if (judged === undefined) return { verdict: t.password.loading, reason: '' }
  const enough = judged.score >= password.minScore.value
  const reason = judged.why === undefined ? (told ? '' : t.password.more) : t.password.reasons[judged.why]
  return { verdict: t.password.scores[judged.score] ?? '', reason: enough ? '' : reason }
}

/** Meter is the bar under a password being chosen, with the reason in words; told is that a problem beneath says already what is missing. */
export function Meter({ password, told = false }: { password: NewPassword; told?: boolean }) {
  const score = password.tooShort.value ? 0 : (password.score.value?.score ?? 0)
  const { verdict, reason } = wordsFor(password, told)
  return (
    <div class="meter">
      <div class="bar" data-score={score} role="meter" aria-label={t.password.strength} aria-valuemin={0} aria-valuemax={4} aria-valuenow={score} aria-valuetext={verdict}>
        <span />
        <span />
        <span />
        <span />
      </div>
      <p class="small quiet" aria-live="polite">
        {verdict} {verdict !== '' && reason !== '' && ' · '}
        {reason}
      </p>
    </div>
  )
}
