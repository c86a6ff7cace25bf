import { Ellipsis, type LucideIcon } from 'lucide-preact'
import { useId } from 'preact/hooks'

import { Button, RoundButton } from './button.tsx'

/** MenuItem is one thing to do. */
export interface MenuItem {
  readonly words: string
  readonly icon: LucideIcon
  readonly act: () => void
  /** What ends something is red. */
  readonly ends?: boolean
}

/** Menu opens a few more things to do beside its button. */
export function Menu({ label, items }: { label: string; items: readonly MenuItem[] }) {
  const id = useId()
  const close = (): void => document.getElementById(id)?.hidePopover()
  return (
    <>
      <RoundButton label={label} icon={Ellipsis} popovertarget={id} />
      <div class="menu" id={id} popover="auto">
        {items.map((item) => (
          <Button
            key={item.words}
            kind={item.ends === true ? 'end-quiet' : 'calm'}
            icon={item.icon}
            onClick={() => {
              close()
              item.act()
            }}
          >
            {item.words}
          </Button>
        ))}
      </div>
    </>
  )
}
