import { t } from '../text/index.ts'
import { Button } from '../ui/button.tsx'
import { useApp } from '../ui/context.ts'

/** Offers are the quiet cards that ask whether one wants something: a new version, or what makes calls better. */
export function Offers() {
  return (
    <div class="offers" role="status">
      <Body />
    </div>
  )
}

function Body() {
  const { update, install, attention } = useApp()
  const offer = update.offer.value
  if (offer === 'waits') return <Card words={t.attention.updateWaits} />
  if (offer === 'ready') {
    return <Card words={t.attention.updateReady} action={t.attention.updateNow} onAct={() => void update.now()} refuse={t.attention.updateLater} onRefuse={() => update.later()} />
  }
  switch (install.suggestion.value) {
    case undefined:
      return null
    case 'notifications':
      return (
        <Card
          words={t.attention.suggestNotifications}
          action={t.attention.suggestNotificationsDo}
          onAct={() => {
            install.dismiss()
            void attention.setNotifications(true)
          }}
          refuse={t.attention.notNow}
          onRefuse={() => install.dismiss()}
        />
      )
    case 'install':
      if (install.way.value === 'hand') return <Card words={t.attention.installByHand} refuse={t.attention.notNow} onRefuse={() => install.dismiss()} />
      return <Card words={t.attention.suggestInstall} action={t.attention.suggestInstallDo} onAct={() => void install.install()} refuse={t.attention.notNow} onRefuse={() => install.dismiss()} />
  }
}

interface CardProps {
  words: string
  action?: string
  onAct?: () => void
  refuse?: string
  onRefuse?: () => void
}

function Card({ words, action, onAct, refuse, onRefuse }: CardProps) {
  return (
    <div class="offer">
      <p>{words}</p>
      {refuse !== undefined && (
        <div class="offer-choices">
          <Button kind="quiet" onClick={() => onRefuse?.()}>
            {refuse}
          </Button>
          {action !== undefined && (
            <Button kind="primary" onClick={() => onAct?.()}>
              {action}
            </Button>
          )}
        </div>
      )}
    </div>
  )
}
