import { type Notifier, type Permission, type Wanted } from '../state/surroundings.ts'
import { type FromWorker, type ToWorker } from '../sw/messages.ts'
import { t } from '../text/index.ts'

const supported = (): boolean => 'Notification' in globalThis && 'serviceWorker' in navigator && isSecureContext

/** workerNotifier shows notifications through the service worker: only there they have buttons. */
export function workerNotifier(): Notifier {
  const permission = (): Permission => (supported() ? Notification.permission : 'missing')
  /** On a first visit it may ring before the worker is there: what is said to it waits for it. */
  const send = (message: ToWorker): void => {
    if (supported()) void navigator.serviceWorker.ready.then((r) => r.active?.postMessage(message))
  }
  const common = (): NotificationOptions => ({ icon: '/icon-192.png', lang: t.meta.locale, dir: t.meta.dir })
  return {
    permission,
    ask: async () => (supported() ? Notification.requestPermission() : 'missing'),
    call: ({ id, name, video }) =>
      send({
        kind: 'show',
        title: name === undefined || name === '' ? t.attention.someoneCalls : t.attention.calls(name),
        options: { ...common(), tag: `call:${id}`, body: video ? t.attention.withVideo : t.attention.withVoice, requireInteraction: true, silent: true, data: { call: id } },
        actions: [{ action: 'accept', title: t.call.accept }, { action: 'decline', title: t.call.decline }],
      }),
    endCall: (id) => send({ kind: 'close', tag: `call:${id}` }),
    missed: ({ account, name, video }) =>
      send({
        kind: 'show',
        title: name === undefined || name === '' ? t.attention.missedSomeone : t.attention.missed(name),
        options: { ...common(), tag: `missed:${account}`, body: video ? t.attention.missedVideo : t.attention.missedVoice, data: { account } },
        actions: [],
      }),
    clear: () => send({ kind: 'close' }),
    onWanted: (fn: (wanted: Wanted) => void) => {
      if (!supported()) return
      navigator.serviceWorker.addEventListener('message', (event: MessageEvent<FromWorker>) => fn(event.data.wanted))
      navigator.serviceWorker.startMessages()
    },
  }
}
