import { t } from '../text/index.ts'
import { useApp } from '../ui/context.ts'
import { Button } from '../ui/button.tsx'

/** LinkBanner says when the page no longer hears from the server, and what to do. */
export function LinkBanner() {
  const { link, page } = useApp()
  const trouble = link.trouble.value
  return (
    <div class="link-status" role="status">
      {trouble !== undefined && (
        <div class="banner">
          <span>{t.link[trouble]}</span>
          {trouble === 'crowded' || trouble === 'replaced' ? (
            <Button kind="quiet" onClick={() => link.tryNow()}>
              {t.app.tryAgain}
            </Button>
          ) : (
            trouble === 'outdated' && (
              <Button kind="quiet" onClick={() => page.reload()}>
                {t.link.reload}
              </Button>
            )
          )}
        </div>
      )}
    </div>
  )
}
