import { render } from 'preact-render-to-string'
import { expect, it, vi } from 'vitest'

import { later } from './later.tsx'

const Meanwhile = ({ again }: { again?: (() => void) | undefined }) => <p>{again ? 'again?' : 'wait'}</p>

it('draws something else until the part is there, and loads it once', async () => {
  const file = vi.fn(() => Promise.resolve(({ name }: { name: string }) => <b>{name}</b>))
  const Part = later(file, Meanwhile)
  expect(render(<Part name="Anna" />)).toBe('<p>wait</p>')
  await Promise.all([Part.load(), Part.load()])
  expect(render(<Part name="Anna" />)).toBe('<b>Anna</b>')
  expect(file).toHaveBeenCalledTimes(1)
})

it('can be asked again where the part did not come', async () => {
  let works = false
  const Part = later(() => (works ? Promise.resolve(() => <b>here</b>) : Promise.reject(new Error('gone'))), Meanwhile)
  await Part.load()
  expect(render(<Part />)).toBe('<p>again?</p>')
  works = true
  await Part.load()
  expect(render(<Part />)).toBe('<b>here</b>')
})
