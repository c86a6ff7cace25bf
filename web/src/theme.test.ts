// @vitest-environment happy-dom
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'

import { beforeEach, describe, expect, it } from 'vitest'

import { useTheme } from './theme.ts'

const page = readFileSync(join(import.meta.dirname, '../index.html'), 'utf8')
const around = (): string[] => [...document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')].map((m) => m.content)

describe('the theme', () => {
  beforeEach(() => {
    document.head.innerHTML = [...page.matchAll(/<meta name="theme-color"[^>]*>/g)].join('')
    document.documentElement.removeAttribute('data-theme')
  })

  it('follows the system where none is chosen', () => {
    const before = around()
    expect(before).toHaveLength(2)
    useTheme('dark')
    useTheme('auto')
    expect(document.documentElement.hasAttribute('data-theme')).toBe(false)
    expect(around()).toEqual(before)
  })

  it('is the chosen one, around the page too', () => {
    useTheme('dark')
    expect(document.documentElement.dataset['theme']).toBe('dark')
    expect(new Set(around()).size).toBe(1)
    const dark = around()[0]
    useTheme('light')
    expect(document.documentElement.dataset['theme']).toBe('light')
    expect(around()[0]).not.toBe(dark)
  })

  it('is chosen before anything is drawn, by a script of its own', () => {
    expect(page.indexOf('<script src="/theme.js"></script>')).toBeGreaterThan(0)
    expect(page.indexOf('/theme.js')).toBeLessThan(page.indexOf('type="module"'))
    const script = readFileSync(join(import.meta.dirname, '../public/theme.js'), 'utf8')
    for (const [kept, theme] of [['dark', 'dark'], ['light', 'light'], ['purple', undefined], [null, undefined]] as const) {
      const root = { dataset: {} as Record<string, string> }
      runInNewContext(script, { localStorage: { getItem: (k: string) => (k === 'ringfence.theme' ? kept : null) }, document: { documentElement: root } })
      expect(root.dataset['theme']).toBe(theme)
    }
  })
})
