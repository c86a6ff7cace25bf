import { t } from '../text/index.ts'
import { Entry, Heading } from '../ui/page.tsx'

/** Components is every component in every state. */
export function Components() {
  return (
    <Entry>
      <Heading>{t.app.name}</Heading>
    </Entry>
  )
}
