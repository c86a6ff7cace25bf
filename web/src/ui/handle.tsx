import { Fragment } from 'preact'

/** Handles up to this length fit into any line. */
const short = 16

/**
 * Handle shows a handle. Where it is too long for its line, it goes on at the
 * digits: a break at a hyphen would read as a hyphen of the break's own. What
 * is copied is the handle as it is.
 */
export function Handle({ of: handle }: { of: string }) {
  if (handle.length <= short) return <bdi translate={false} dir="ltr">{handle}</bdi>
  const dot = handle.lastIndexOf('.')
  const [stem, digits] = dot > 0 ? [handle.slice(0, dot), handle.slice(dot)] : [handle, '']
  return (
    <bdi translate={false} dir="ltr">
      {stem.split(/(-+[^-])/).map((part, i) => (i % 2 === 1 ? <span key={i} class="unbroken">{part}</span> : <Fragment key={i}>{part}</Fragment>))}
      {digits && <wbr />}
      {digits}
    </bdi>
  )
}
