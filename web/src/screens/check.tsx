import { Heading } from '../ui/page.tsx'
import { t } from '../text/index.ts'
import { Shell } from './shell.tsx'

/** Check is where one looks at and listens to oneself before a call. */
export function Check() {
  return (
    <Shell>
      <Heading>{t.app.check}</Heading>
    </Shell>
  )
}
