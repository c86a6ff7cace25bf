import { t } from '../text/index.ts'
import { useApp } from '../ui/context.ts'
import { Button } from '../ui/button.tsx'

/** Elsewhere says that one talks on another device, and has the call go on here. */
function Elsewhere() {
  const { call, people } = useApp()
  const there = call.elsewhere.value
  if (call.running.value || there === undefined) return null
  return (
    <div class="banner">
      <span>{t.call.elsewhere(people.friend(there.peer)?.displayName ?? t.call.someone)}</span>
      <Button kind="quiet" onClick={() => call.bring()}>
        {t.call.continueHere}
      </Button>
    </div>
  )
}

/** LinkBanner says when the page no longer hears from the server, and what to do, and of a call on another device. */
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
      <Elsewhere />
    </div>
  )
}
