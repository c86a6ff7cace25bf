import { effect } from '@preact/signals'
import { createClient } from '@ringfence/sdk'
import { render } from 'preact'

import { browserSurroundings } from './attention/browser.ts'
import { browserPage } from './page.ts'
import { Root } from './screens/app.tsx'
import { createApp } from './state/app.ts'
import { languageFor } from './state/language.ts'
import './style/index.css'
import { t, useLanguage } from './text/index.ts'
import { useTheme } from './theme.ts'
import { installPolicy } from './trusted-types.ts'
import { AppContext } from './ui/context.ts'

installPolicy()

const app = createApp(createClient(), browserPage, browserSurroundings())
const root = document.documentElement

effect(() => {
  root.lang = t.meta.locale
  root.dir = t.meta.dir
})
effect(() => useTheme(app.preferences.theme.value))

// Firefox leaves what the Tab key comes to where only an edge of it is seen.
document.addEventListener('focusin', ({ target }) => {
  if (target instanceof Element && target.matches(':focus-visible')) target.scrollIntoView({ block: 'nearest', inline: 'nearest' })
})

const language = (): Promise<boolean> => useLanguage(languageFor(app.preferences.language.value, navigator.languages))

function draw(): void {
  const place = document.getElementById('app')
  if (place === null) return
  place.replaceChildren() // what the page itself said until now
  render(
    <AppContext.Provider value={app}>
      <Root />
    </AppContext.Provider>,
    place,
  )
  effect(() => void language())
}

void app.start()
void language().then(draw)
