import { readFileSync } from 'node:fs'

import { render } from 'preact-render-to-string'
import { describe, expect, it } from 'vitest'

import { scriptURL } from '../trusted-types.ts'
import { faceOf } from './face-shapes.ts'
import { Face } from './face.tsx'
import { Qr } from './qr.tsx'

const account = (n: number): string => n.toString(36).padStart(26, '0')

describe('a face', () => {
  it('is the same every time, and everywhere', () => {
    expect(faceOf('mfrggzdfmztwq2lknnwg23tpoa')).toEqual(faceOf('mfrggzdfmztwq2lknnwg23tpoa'))
    // Written down: a change here gives everybody a new face.
    expect(faceOf('mfrggzdfmztwq2lknnwg23tpoa')).toMatchInlineSnapshot(`
      {
        "ground": "oklch(0.88 0.07 168)",
        "shapes": [
          {
            "d": "M-4.3 16.1Q-4.9 6.1 4.3 2.1Q13.5 -1.8 22.5 2.7Q31.4 7.2 30.3 17.2Q29.1 27.2 20.7 32.7Q12.3 38.1 4.3 32.1Q-3.8 26.1 -4.3 16.1Z",
            "fill": "oklch(0.6 0.15 273)",
          },
          {
            "d": "M30.4 21.3Q31.5 24 30.4 26.7Q29.3 29.3 26.7 30.4Q24 31.5 21.3 30.4Q18.7 29.3 17.6 26.7Q16.5 24 17.6 21.3Q18.7 18.7 21.3 17.6Q24 16.5 26.7 17.6Q29.3 18.7 30.4 21.3Z",
            "fill": "oklch(0.36 0.11 313)",
          },
        ],
      }
    `)
  })

  it('is somebody’s own: of five hundred, hardly two are alike', () => {
    const faces = new Set(Array.from({ length: 500 }, (_, i) => JSON.stringify(faceOf(account(i)))))
    expect(faces.size).toBeGreaterThan(494)
  })

  it('uses every colour and shape', () => {
    const grounds = new Set(Array.from({ length: 500 }, (_, i) => faceOf(account(i)).ground))
    expect(grounds.size).toBe(30)
  })

  it('is drawn without a style attribute, which the page’s policy forbids', () => {
    const html = render(<Face account={account(7)} here rings size="large" />)
    expect(html).toMatch(/<svg/)
    expect(html).not.toMatch(/style=/)
  })
})

describe('a QR code', () => {
  it('is dark on light with a quiet zone, and has a name', () => {
    const html = render(<Qr text="https://calls.example/invite#token." label="The link" />)
    expect(html).toMatch(/aria-label="The link"/)
    expect(html).not.toMatch(/style=/)
    expect(html).not.toMatch(/M[0-3] /) // nothing dark in the first four columns
  })
})

describe('the one Trusted Types policy', () => {
  it('lets the listed addresses through, letter by letter', () => {
    expect(scriptURL('/sw.js', ['/sw.js'])).toBe('/sw.js')
  })

  it.each(['https://evil.example/sw.js', '//evil.example/sw.js', '/sw.js?x=1', '/sw.js#x', 'sw.js', './sw.js', '/SW.js', '/a/../sw.js', 'data:text/javascript,1', 'blob:x', ''])('refuses %j', (url) => {
    expect(() => scriptURL(url, ['/sw.js'])).toThrow(TypeError)
  })
})

type Oklch = [number, number, number]

/** The tokens of one theme: name → oklch parts; more are those of prefers-contrast, over the others. */
function tokensOf(css: string, dark: boolean, more: boolean): Map<string, Oklch> {
  const contrast = /@media \(prefers-contrast: more\) \{\s*:root \{([^}]*)\}/.exec(css)?.[1] ?? ''
  const plain = /:root \{([^}]*)\}/.exec(css)?.[1] ?? ''
  const out = new Map<string, Oklch>()
  for (const part of more ? [plain, contrast] : [plain]) {
    for (const [, name = '', words = ''] of part.matchAll(/--([\w-]+): ([^;]+);/g)) {
      const colours = [...words.matchAll(/oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)/g)].map((m): Oklch => [Number(m[1]), Number(m[2]), Number(m[3])])
      const colour = colours[dark ? colours.length - 1 : 0]
      if (colour !== undefined) out.set(name, colour)
    }
  }
  return out
}

/** Relative luminance of an OKLCH colour (CSS Color 4 and WCAG 2.2), out-of-gamut parts clipped. */
function luminance([l, c, h]: [number, number, number]): number {
  const a = c * Math.cos((h * Math.PI) / 180)
  const b = c * Math.sin((h * Math.PI) / 180)
  const L = (l + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const M = (l - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const S = (l - 0.0894841775 * a - 1.291485548 * b) ** 3
  const clip = (x: number): number => Math.min(1, Math.max(0, x))
  const r = clip(4.0767416621 * L - 3.3077115913 * M + 0.2309699292 * S)
  const g = clip(-1.2684380046 * L + 2.6097574011 * M - 0.3413193965 * S)
  const bl = clip(-0.0041960863 * L - 0.7034186147 * M + 1.707614701 * S)
  return 0.2126 * r + 0.7152 * g + 0.0722 * bl
}

const pairs: [string, string, number][] = [
  ['text', 'surface', 7], ['text', 'surface-raised', 7], ['text', 'surface-sunken', 7],
  ['text-quiet', 'surface', 7], ['text-quiet', 'surface-raised', 7], ['text-quiet', 'surface-sunken', 7],
  ['surface', 'text', 7],
  ['accent', 'surface', 4.5], ['accent', 'surface-raised', 4.5], ['accent', 'accent-soft', 4.5], ['on-accent', 'accent', 4.5], ['on-accent', 'accent-press', 4.5],
  ['on-accent-soft', 'accent-soft', 7], ['on-call', 'call', 4.5], ['on-end', 'end', 4.5],
  ['end-text', 'surface', 7], ['end-text', 'surface-raised', 7], ['end-text', 'surface-sunken', 7],
  ['edge', 'surface', 3], ['edge', 'surface-raised', 3], ['here', 'surface', 3], ['focus', 'surface', 3], ['focus', 'surface-raised', 3],
  ['stage-text', 'stage', 7], ['stage-quiet', 'stage', 7], ['stage-text', 'stage-raised', 7], ['stage-text', 'stage-press', 7],
  ['stage-on-color', 'stage-call', 4.5], ['stage-on-color', 'stage-end', 4.5], ['stage-on-off', 'stage-off', 7], ['stage-focus', 'stage', 3],
]

describe('the colours', () => {
  const css = readFileSync(new URL('../style/tokens.css', import.meta.url), 'utf8')

  const ratio = (tokens: Map<string, Oklch>, front: string, back: string): number => {
    const [x, y] = [luminance(tokens.get(front)!), luminance(tokens.get(back)!)].sort((m, n) => n - m) as [number, number]
    return (x + 0.05) / (y + 0.05)
  }

  for (const dark of [false, true]) {
    const where = dark ? 'in the dark' : 'in the light'
    it.each(pairs)(`can be told apart ${where}: %s on %s`, (front, back, least) => {
      expect(ratio(tokensOf(css, dark, false), front, back)).toBeGreaterThanOrEqual(least)
    })

    it.each(pairs)(`are further apart for who asks for contrast, ${where}: %s on %s`, (front, back, least) => {
      expect(ratio(tokensOf(css, dark, true), front, back)).toBeGreaterThanOrEqual(least === 3 ? 4.5 : 7)
    })
  }

  it('come in two sets, and a third for more contrast', () => {
    expect(css.match(/light-dark\(oklch/g)?.length).toBeGreaterThan(30)
    expect(tokensOf(css, false, true).get('text')).not.toEqual(tokensOf(css, false, false).get('text'))
    expect(tokensOf(css, true, false).get('text')).not.toEqual(tokensOf(css, false, false).get('text'))
  })
})
