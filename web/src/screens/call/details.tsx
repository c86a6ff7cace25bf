import { Copy } from 'lucide-preact'
import { useEffect, useState } from 'preact/hooks'

import { type Detail } from '../../state/call-quality.ts'
import { t } from '../../text/index.ts'
import { Button } from '../../ui/button.tsx'
import { useApp } from '../../ui/context.ts'

const both = <T,>(detail: { readonly in: T | undefined; readonly out: T | undefined }, words: (x: T) => string): string => {
  const d = t.stage.detail
  return d.both(detail.in === undefined ? d.unknown : words(detail.in), detail.out === undefined ? d.unknown : words(detail.out))
}

function wayOf({ path, transport }: Detail & { kind: 'path' }): string {
  const d = t.stage.detail
  if (transport === undefined) return path === 'direct' ? d.direct : d.relayed
  const name = transport.toUpperCase()
  return path === 'direct' ? d.directOver(name) : d.relayedOver(name)
}

/** lineOf puts one of the figures into words. */
function lineOf(detail: Detail): readonly [string, string] {
  const d = t.stage.detail
  switch (detail.kind) {
    case 'path':
      return [d.path, wayOf(detail)]
    case 'trip':
    case 'jitter':
      return [d[detail.kind], d.ms(detail.ms)]
    case 'loss':
      return [d.loss, both(detail, d.percent)]
    case 'rate':
      return [d.rate, both(detail, d.kbit)]
    case 'frames':
      return [d.frames, both(detail, d.number)]
    case 'size':
      return [d.size, both(detail, (x) => x)]
    case 'codecs':
      return [d.codecs, detail.names.join(', ')]
  }
}

/** Details are the figures of a call, for those who ask. They change each second, and are read aloud when one goes there. */
export function Details() {
  const { call, page } = useApp()
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    call.details.start()
    return () => call.details.stop()
  }, [])
  const lines = call.details.details.value.map(lineOf)
  const all = [...lines, [t.stage.detail.encryption, t.stage.detail.encrypted] as const]
  const copy = async (): Promise<void> => {
    await page.copy(all.map(([name, value]) => `${name}: ${value}`).join('\n')).then(() => setCopied(true), () => undefined)
  }
  return (
    <div class="details" aria-live="off">
      {lines.length === 0 && <p>{t.stage.detail.wait}</p>}
      <dl>
        {all.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="nums">{value}</dd>
          </div>
        ))}
      </dl>
      <Button icon={Copy} onClick={() => void copy()}>
        {copied ? t.stage.detail.copied : t.stage.detail.copy}
      </Button>
    </div>
  )
}
