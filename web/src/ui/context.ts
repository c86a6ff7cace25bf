import { createContext } from 'preact'
import { useContext } from 'preact/hooks'

import { type App } from '../state/app.ts'

/** AppContext hands the view models to every component. */
export const AppContext = createContext<App | undefined>(undefined)

/** useApp returns the view models. */
export function useApp(): App {
  const app = useContext(AppContext)
  if (app === undefined) throw new Error('no app around this component')
  return app
}
