import { createClient } from '@ringfence/sdk'
import { render } from 'preact'

import { browserPage } from './page.ts'
import { Root } from './screens/app.tsx'
import { createApp } from './state/app.ts'
import './style/index.css'
import { setLanguage, t } from './text/index.ts'
import { installPolicy } from './trusted-types.ts'
import { AppContext } from './ui/context.ts'

installPolicy()

setLanguage(new URLSearchParams(location.search).get('lang') ?? browserPage.memory.get('ringfence.lang') ?? null)
document.documentElement.lang = t.meta.locale
document.documentElement.dir = t.meta.dir
document.title = t.app.name

const app = createApp(createClient(), browserPage)
const root = document.getElementById('app')
if (root !== null) {
  render(
    <AppContext.Provider value={app}>
      <Root />
    </AppContext.Provider>,
    root,
  )
}
void app.start()
