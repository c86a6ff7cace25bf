import { type Theme } from './state/preferences.ts'

/** What browsers colour around the page: --surface of either set. public/theme.js chooses the set before anything is drawn. */
const around = { light: '#faf8f5', dark: '#161311' } as const

/** useTheme chooses the set of colours for the whole page. */
export function useTheme(theme: Theme, page: Document = document): void {
  if (theme === 'auto') delete page.documentElement.dataset['theme']
  else page.documentElement.dataset['theme'] = theme
  for (const meta of page.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
    const system = (meta.getAttribute('media') ?? '').includes('dark') ? 'dark' : 'light'
    meta.content = around[theme === 'auto' ? system : theme]
  }
}
