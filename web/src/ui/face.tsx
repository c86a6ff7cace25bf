import { faceOf } from './face-shapes.ts'

/** Face draws the generated face of an account. It is decoration: a name always stands beside it. */
export function Face({ account, size = '', here = false, rings = false }: { account: string; size?: '' | 'small-face' | 'large' | 'huge'; here?: boolean; rings?: boolean }) {
  const { ground, shapes } = faceOf(account)
  return (
    <span class={`face ${size} ${here ? 'here' : ''} ${rings ? 'rings' : ''}`} aria-hidden="true">
      <svg viewBox="0 0 48 48" focusable="false">
        <rect width="48" height="48" fill={ground} />
        {shapes.map((s, i) => (
          <path key={i} d={s.d} fill={s.fill} />
        ))}
      </svg>
    </span>
  )
}
