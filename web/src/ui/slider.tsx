import { type ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

import { describedBy } from './field.tsx'

interface SliderProps {
  label: string
  value: number
  onSlide: (value: number) => void
  /** When the hand lets go. */
  onDone?: (value: number) => void
  /** The value in words, beside the label and read aloud. */
  words: string
  min?: number
  max?: number
  step?: number
  help?: ComponentChildren
  disabled?: boolean
}

/** Slider sets how much; 0 to 1 in twentieths where nothing else is said. */
export function Slider({ label, value, onSlide, onDone, words, min = 0, max = 1, step = 0.05, help, disabled = false }: SliderProps) {
  const id = useId()
  return (
    <div class="field">
      <div class="slider-head">
        <label for={id}>{label}</label>
        <output class="nums quiet" for={id}>
          {words}
        </output>
      </div>
      <input
        id={id}
        class="slider"
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        disabled={disabled}
        aria-valuetext={words}
        aria-describedby={describedBy(help !== undefined && `${id}-help`)}
        onInput={(e) => onSlide(e.currentTarget.valueAsNumber)}
        onChange={(e) => onDone?.(e.currentTarget.valueAsNumber)}
      />
      {help !== undefined && (
        <p class="help" id={`${id}-help`}>
          {help}
        </p>
      )}
    </div>
  )
}
