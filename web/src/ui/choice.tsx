import { ChevronDown, type LucideIcon } from 'lucide-preact'
import { type ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

import { Icon } from './button.tsx'
import { describedBy, ProblemText } from './field.tsx'

/** Option is one of several things to choose from; lang is given where its words are in a language of their own. */
export interface Option<V extends string> {
  readonly value: V
  readonly words: string
  readonly lang?: string
  readonly icon?: LucideIcon
  /** What one gets by it. */
  readonly why?: string
}

interface ChoiceProps<V extends string> {
  label: string
  value: V
  options: readonly Option<V>[]
  onPick: (value: V) => void
  help?: ComponentChildren
  problem?: string | undefined
  disabled?: boolean
}

/** Select is for a choice of many, or of unknown many: the system shows the list. */
export function Select<V extends string>({ label, value, options, onPick, help, problem, disabled = false }: ChoiceProps<V>) {
  const id = useId()
  const pick = (chosen: string): void => {
    const option = options.find((o) => o.value === chosen)
    if (option !== undefined) onPick(option.value)
  }
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="select">
        <select
          id={id}
          value={value}
          disabled={disabled}
          onChange={(e) => pick(e.currentTarget.value)}
          aria-invalid={problem !== undefined}
          aria-describedby={describedBy(help !== undefined && `${id}-help`, problem !== undefined && `${id}-problem`)}
        >
          {options.map((o) => (
            <option key={o.value} value={o.value} lang={o.lang} selected={o.value === value}>
              {o.words}
            </option>
          ))}
        </select>
        <Icon of={ChevronDown} size={18} />
      </div>
      {help !== undefined && (
        <p class="help" id={`${id}-help`}>
          {help}
        </p>
      )}
      <ProblemText id={`${id}-problem`}>{problem}</ProblemText>
    </div>
  )
}

/** Segmented is for two or three short words, side by side. */
export function Segmented<V extends string>({ label, value, options, onPick, help, disabled = false, evident = false }: ChoiceProps<V> & { evident?: boolean }) {
  const id = useId()
  return (
    <fieldset class="field" disabled={disabled} aria-describedby={describedBy(help !== undefined && `${id}-help`)}>
      <legend class={evident ? 'unseen' : 'legend'}>{label}</legend>
      <div class="segmented">
        {options.map((o) => (
          <label key={o.value} lang={o.lang}>
            <input type="radio" name={id} value={o.value} checked={o.value === value} onChange={() => onPick(o.value)} />
            {o.icon && <Icon of={o.icon} size={18} />}
            <span>{o.words}</span>
          </label>
        ))}
      </div>
      {help !== undefined && (
        <p class="help" id={`${id}-help`}>
          {help}
        </p>
      )}
    </fieldset>
  )
}

/** RadioGroup is for a few choices that need a word of explanation each. */
export function RadioGroup<V extends string>({ label, value, options, onPick, help, disabled = false }: ChoiceProps<V>) {
  const id = useId()
  return (
    <fieldset class="field" disabled={disabled} aria-describedby={describedBy(help !== undefined && `${id}-help`)}>
      <legend class="legend">{label}</legend>
      {help !== undefined && (
        <p class="help" id={`${id}-help`}>
          {help}
        </p>
      )}
      <div class="radios">
        {options.map((o) => (
          <div key={o.value} class="radio">
            <input
              id={`${id}-${o.value}`}
              type="radio"
              name={id}
              value={o.value}
              checked={o.value === value}
              aria-describedby={describedBy(o.why !== undefined && `${id}-${o.value}-why`)}
              onChange={() => onPick(o.value)}
            />
            <label for={`${id}-${o.value}`} lang={o.lang}>
              {o.words}
            </label>
            {o.why !== undefined && (
              <p class="help" id={`${id}-${o.value}-why`}>
                {o.why}
              </p>
            )}
          </div>
        ))}
      </div>
    </fieldset>
  )
}
