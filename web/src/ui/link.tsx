import { type LucideIcon } from 'lucide-preact'
import { type ComponentChildren } from 'preact'

import { Icon } from './button.tsx'
import { useApp } from './context.ts'

interface LinkProps {
  to: string
  children?: ComponentChildren
  class?: string
  icon?: LucideIcon
  label?: string
  /** The place one is at. */
  current?: boolean
  tabIndex?: number | undefined
}

/** Link goes to another screen without loading the page anew; in a new tab it is a link like any other. */
export function Link({ to, children, icon, label, current = false, tabIndex, class: classes }: LinkProps) {
  const { router } = useApp()
  const follow = (event: MouseEvent): void => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    router.go(to)
  }
  return (
    <a href={to} onClick={follow} class={classes} aria-label={label} data-tip={label} tabIndex={tabIndex} aria-current={current ? 'page' : undefined}>
      {icon && <Icon of={icon} />}
      {children}
    </a>
  )
}
