import { t } from '../text/index.ts'
import { Button, Spinner } from '../ui/button.tsx'
import { Heading } from '../ui/page.tsx'

/** Awaited says what one waits for. */
export function Awaited({ children }: { children: string }) {
  return (
    <p class="waits" role="status">
      <Spinner />
      <span>{children}</span>
    </p>
  )
}

/** Unreached says that something did not come, and has it asked for again. */
export function Unreached({ again }: { again: () => void }) {
  return (
    <>
      <Heading>{t.link.noServer}</Heading>
      <p class="quiet">{t.link.noServerWhy}</p>
      <Button kind="primary" onClick={again}>
        {t.app.tryAgain}
      </Button>
    </>
  )
}
