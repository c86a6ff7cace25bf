import { type LucideIcon } from 'lucide-preact'
import { type ButtonHTMLAttributes, type ComponentChildren, type Ref } from 'preact'

type Native = Omit<ButtonHTMLAttributes, 'icon' | 'size'>

/** Icon draws one of lucide's, beside words or inside a named button. It grows with the letters. */
export function Icon({ of: Drawing, size = 20 }: { of: LucideIcon; size?: number }) {
  return <Drawing size={`${String(size / 16)}rem`} strokeWidth={1.75} aria-hidden="true" focusable="false" />
}

/** Spinner turns while something is under way; words beside it say what. */
export function Spinner() {
  return <span class="spinner" aria-hidden="true" />
}

interface ButtonProps extends Native {
  kind?: 'primary' | 'plain' | 'quiet' | 'calm' | 'end' | 'end-quiet'
  icon?: LucideIcon
  busy?: boolean
  wide?: boolean
  children: ComponentChildren
  inner?: Ref<HTMLButtonElement>
}

/** Button has words on it. Primary is for the one thing to do next, calm for one of a menu's. */
export function Button({ kind = 'plain', icon, busy = false, wide = false, children, inner, disabled, type = 'button', ...rest }: ButtonProps) {
  return (
    <button {...rest} ref={inner ?? null} type={type} disabled={busy || disabled === true} class={`button ${kind} ${wide ? 'wide' : ''} ${busy ? 'busy' : ''}`}>
      {busy ? <Spinner /> : icon && <Icon of={icon} />}
      <span>{children}</span>
    </button>
  )
}

/** RoundButton has an icon alone; its name is read aloud, and shown where a mouse rests on it or the Tab key comes to it. */
export function RoundButton({ label, icon, accent = false, ...rest }: Native & { label: string; icon: LucideIcon; accent?: boolean }) {
  return (
    <button type="button" {...rest} class={`round ${accent ? 'accent' : ''}`} aria-label={label} data-tip={label}>
      <Icon of={icon} />
    </button>
  )
}
