import { render } from 'preact-render-to-string'
import { expect, it } from 'vitest'

import { Handle } from './handle.tsx'

it.each(['anna.4821', 'anna-maria-magdalena.4821', '-a--b-c-with-hyphens-.0001', 'emil', ''])('the handle %s stays itself when it is copied', (handle) => {
  expect(render(<Handle of={handle} />).replace(/<[^>]*>/g, '')).toBe(handle)
})

it('ends a line before the digits, not after a hyphen', () => {
  expect(render(<Handle of="anna-magdalena.4821" />)).toContain('anna<span class="unbroken">-m</span>agdalena<wbr/>.4821')
})
