import { signal } from '@preact/signals'
import { type FunctionComponent } from 'preact'
import { useEffect } from 'preact/hooks'

/** Later is a component whose file comes when it is first drawn, or when load is called. */
export interface Later<P> extends FunctionComponent<P> {
  readonly load: () => Promise<void>
}

/** Meanwhile is drawn until then; again is there where the file did not come. */
type Meanwhile = FunctionComponent<{ again?: (() => void) | undefined }>

/** later keeps a part of the page out of what is loaded first. */
export function later<P extends object>(file: () => Promise<FunctionComponent<P>>, Meanwhile: Meanwhile): Later<P> {
  const part = signal<FunctionComponent<P> | undefined>()
  const failed = signal(false)
  let asked: Promise<void> | undefined
  const load = (): Promise<void> => {
    failed.value = false
    asked ??= file().then(
      (loaded) => void (part.value = loaded),
      () => {
        asked = undefined
        failed.value = true
      },
    )
    return asked
  }
  function Part(props: P) {
    const Loaded = part.value
    useEffect(() => {
      if (Loaded === undefined) void load()
    }, [])
    if (Loaded !== undefined) return <Loaded {...props} />
    return <Meanwhile again={failed.value ? () => void load() : undefined} />
  }
  return Object.assign(Part, { load })
}
