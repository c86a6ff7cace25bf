import { t } from '../text/index.ts'
import { Link } from '../ui/link.tsx'
import { Entry, Heading } from '../ui/page.tsx'

/** NotFound is the screen of an address that leads nowhere. */
export function NotFound() {
  return (
    <Entry>
      <Heading>{t.notFound.title}</Heading>
      <p class="quiet">{t.notFound.why}</p>
      <Link to="/" class="button primary">
        {t.notFound.home}
      </Link>
    </Entry>
  )
}
