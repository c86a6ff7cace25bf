import { t } from '../text/index.ts'
import { Link } from '../ui/link.tsx'
import { Wordmark } from '../ui/mark.tsx'
import { Entry, Heading } from '../ui/page.tsx'

/** Nothing says that an address leads nowhere, and leads away from there. */
export function Nothing() {
  return (
    <>
      <Heading>{t.notFound.title}</Heading>
      <p class="quiet">{t.notFound.why}</p>
      <Link to="/" class="button primary">
        {t.notFound.home}
      </Link>
    </>
  )
}

/** NotFound is the screen of an address that leads nowhere. */
export function NotFound() {
  return (
    <Entry>
      <Wordmark />
      <Nothing />
    </Entry>
  )
}
