import { WebSounds } from '../sound/player.ts'
import { type Installs, type Surroundings } from '../state/surroundings.ts'
import { t } from '../text/index.ts'
import { workerNotifier } from './notifier.ts'
import { mediaKeys } from './talk.ts'
import { contender } from './turn.ts'
import { talkLock, workerUpdates } from './updates.ts'

const visible = (): boolean => document.visibilityState === 'visible'

function onVisible(fn: () => void): () => void {
  document.addEventListener('visibilitychange', fn)
  return () => document.removeEventListener('visibilitychange', fn)
}

interface Badges {
  setAppBadge?: (count: number) => Promise<void>
  clearAppBadge?: () => Promise<void>
}

function badge(count: number): void {
  const to = navigator as Badges
  const done = count > 0 ? to.setAppBadge?.(count) : to.clearAppBadge?.()
  done?.catch(() => undefined)
}

/** wakeLock keeps the screen on; a browser lets go of it whenever the page is hidden. */
function wakeLock(): (on: boolean) => void {
  let wanted = false
  let held: WakeLockSentinel | undefined
  const look = async (): Promise<void> => {
    const source = (navigator as { wakeLock?: WakeLock }).wakeLock
    if (!wanted || !visible() || source === undefined || held?.released === false) return
    try {
      held = await source.request('screen')
    } catch {
      return // a low battery, for one
    }
    if (!wanted) await held.release() // eslint-disable-line @typescript-eslint/no-unnecessary-condition -- it may have changed meanwhile
  }
  onVisible(() => void look())
  return (on) => {
    if (on === wanted) return
    wanted = on
    if (on) void look()
    else void held?.release()
  }
}

const dot = '• '

/** flasher puts a dot before the title and takes it away, once a second. */
function flasher(): (on: boolean) => void {
  let timer: ReturnType<typeof setInterval> | undefined
  const plain = (): string => (document.title.startsWith(dot) ? document.title.slice(dot.length) : document.title)
  return (on) => {
    if (on === (timer !== undefined)) return
    clearInterval(timer)
    timer = undefined
    document.title = plain()
    if (on) timer = setInterval(() => (document.title = document.title.startsWith(dot) ? plain() : dot + document.title), 1_000)
  }
}

const beat = [400, 200, 400]
const beatEvery = 2_600

/** vibrator is for phones; browsers complain where nobody has touched the page yet. */
function vibrator(): (on: boolean) => void {
  let timer: ReturnType<typeof setInterval> | undefined
  return (on) => {
    if (on === (timer !== undefined)) return
    clearInterval(timer)
    timer = undefined
    const buzz = (pattern: number[]): void => {
      if ('vibrate' in navigator && navigator.userActivation.hasBeenActive && matchMedia('(pointer: coarse)').matches) navigator.vibrate(pattern)
    }
    buzz(on ? beat : [])
    if (on) timer = setInterval(() => buzz(beat), beatEvery)
  }
}

/** pageHolder has the browser ask before a page goes. It listens only while it must: a page that listens is not kept for going back. */
export function pageHolder(): (on: boolean) => void {
  const ask = (event: BeforeUnloadEvent): void => {
    event.preventDefault()
    event.returnValue = true // eslint-disable-line @typescript-eslint/no-deprecated -- what browsers before 2024 go by
  }
  return (on) => {
    if (on) addEventListener('beforeunload', ask)
    else removeEventListener('beforeunload', ask)
  }
}

interface InstallEvent extends Event {
  prompt: () => Promise<{ outcome: 'accepted' | 'dismissed' }>
}

function installs(): Installs {
  const standalone = matchMedia('(display-mode: standalone)').matches || (navigator as { standalone?: boolean }).standalone === true
  const apple = /iPhone|iPad/.test(navigator.userAgent) || (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1)
  return {
    installed: standalone,
    byHand: apple && !standalone,
    onOffer: (fn) => {
      addEventListener('beforeinstallprompt', (event) => {
        event.preventDefault() // the browser's own bar; ours comes at a better moment
        fn(async () => (await (event as InstallEvent).prompt()).outcome === 'accepted')
      })
      addEventListener('appinstalled', () => fn(undefined))
    },
  }
}

/** browserSurroundings is what a browser offers, made once for the page. */
export function browserSurroundings(): Surroundings {
  return {
    sounds: new WebSounds(),
    notifier: workerNotifier(),
    updates: workerUpdates(),
    installs: installs(),
    contend: contender((navigator as { locks?: LockManager }).locks, { visible, watch: onVisible }),
    visible,
    onVisible: (fn) => void onVisible(fn),
    badge,
    awake: wakeLock(),
    flash: flasher(),
    vibrate: vibrator(),
    inCall: talkLock(),
    holdPage: pageHolder(),
    talk: mediaKeys(t.app.name),
  }
}
