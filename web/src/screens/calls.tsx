import { t } from '../text/index.ts'
import { Heading } from '../ui/page.tsx'
import { Shell } from './shell.tsx'

export function Calls() {
  return (
    <Shell>
      <Heading>{t.app.calls}</Heading>
    </Shell>
  )
}
