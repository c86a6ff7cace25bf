import { workerPaths } from '../workers.ts'

/** Rules is what a Trusted Types policy may decide about. */
interface Rules {
  readonly createScriptURL: (url: string) => string
}

/** Factory is `window.trustedTypes`, which TypeScript's library does not know. */
interface Factory {
  readonly createPolicy: (name: string, rules: Rules) => { readonly createScriptURL: (url: string) => unknown }
}

/** scriptURL lets the listed addresses through, letter by letter, and nothing else. */
export function scriptURL(url: string, allowed: readonly string[] = workerPaths): string {
  if (allowed.includes(url)) return url
  throw new TypeError('not a script of this page')
}

let policy: ReturnType<Factory['createPolicy']> | undefined

/**
 * installPolicy makes the page's one policy. It is made at the start, so that
 * nothing else can take its name; it makes no HTML and no script.
 */
export function installPolicy(): void {
  const factory = (window as { trustedTypes?: Factory }).trustedTypes
  policy = factory?.createPolicy('ringfence', { createScriptURL: (url) => scriptURL(url) })
}

/** trustedScript gives the address of a listed script to what starts it; the browser's types call it a string. */
export function trustedScript(url: string): string {
  return (policy?.createScriptURL(url) ?? scriptURL(url)) as string
}
