import { CircleAlert, Eye, EyeOff } from 'lucide-preact'
import { type ComponentChildren } from 'preact'
import { useId, useState } from 'preact/hooks'

import { t } from '../text/index.ts'
import { Icon, RoundButton } from './button.tsx'

interface FieldProps {
  label: string
  value: string
  onType: (value: string) => void
  help?: ComponentChildren
  problem?: string | undefined
  children?: ComponentChildren
  name?: string
  autocomplete?: string
  placeholder?: string
  maxLength?: number
  readOnly?: boolean
  /** A name for machines: no capitals, no spelling, left to right. */
  plain?: boolean
  onFocus?: (event: FocusEvent & { currentTarget: HTMLInputElement }) => void
}

const plainInput = { autocapitalize: 'none', spellcheck: false, dir: 'ltr' } as const

/** describedBy joins the ids of what explains a field. */
export const describedBy = (...ids: (string | false | undefined)[]): string | undefined => ids.filter(Boolean).join(' ') || undefined

/** ProblemText says what is wrong, and is read aloud when it comes. */
export function ProblemText({ children, id }: { children: string | undefined; id?: string }) {
  return (
    <div role="alert" id={id}>
      {children !== undefined && (
        <p class="problem">
          <Icon of={CircleAlert} size={18} />
          <span>{children}</span>
        </p>
      )}
    </div>
  )
}

/** Field is a line to type in, with its name above it and its problem beneath. */
export function Field({ label, value, onType, help, problem, children, plain = false, ...input }: FieldProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        {...input}
        {...(plain ? plainInput : {})}
        id={id}
        value={value}
        onInput={(e) => onType(e.currentTarget.value)}
        aria-invalid={problem !== undefined}
        aria-describedby={describedBy(help !== undefined && `${id}-help`, problem !== undefined && `${id}-problem`)}
      />
      {children}
      {help !== undefined && (
        <p class="help" id={`${id}-help`}>
          {help}
        </p>
      )}
      <ProblemText id={`${id}-problem`}>{problem}</ProblemText>
    </div>
  )
}

/** PasswordField can show what is typed. */
export function PasswordField({ label, value, onType, problem, children, name, autocomplete, maxLength }: FieldProps) {
  const id = useId()
  const [shown, setShown] = useState(false)
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="affix">
        <input
          id={id}
          name={name}
          {...(shown ? { type: 'text' as const } : { type: 'password' as const })}
          autocomplete={autocomplete}
          maxLength={maxLength}
          value={value}
          onInput={(e) => onType(e.currentTarget.value)}
          autocapitalize="none"
          spellcheck={false}
          aria-invalid={problem !== undefined}
          aria-describedby={describedBy(children !== undefined && `${id}-help`, problem !== undefined && `${id}-problem`)}
        />
        <RoundButton label={shown ? t.password.hide : t.password.show} icon={shown ? EyeOff : Eye} onClick={() => setShown(!shown)} />
      </div>
      {children !== undefined && <div id={`${id}-help`}>{children}</div>}
      <ProblemText id={`${id}-problem`}>{problem}</ProblemText>
    </div>
  )
}

interface SwitchProps {
  label: string
  help?: ComponentChildren
  on: boolean
  onTurn: (on: boolean) => void
  disabled?: boolean
}

/** Switch turns a setting on and off at once. */
export function Switch({ label, help, on, onTurn, disabled = false }: SwitchProps) {
  const id = useId()
  return (
    <div class="switch">
      <label class="legend" for={id}>
        {label}
      </label>
      <input id={id} type="checkbox" role="switch" checked={on} disabled={disabled} aria-describedby={describedBy(help !== undefined && `${id}-help`)} onChange={(e) => onTurn(e.currentTarget.checked)} />
      {help !== undefined && (
        <p class="help" id={`${id}-help`}>
          {help}
        </p>
      )}
    </div>
  )
}
