// A face is made from an account id alone: everybody sees the same one, on
// every device, and it takes no picture from anybody. Few, large parts, so
// that two faces differ at 24 pixels.

/** Shape is one soft part of a face, in a box of 48 by 48. */
export interface Shape {
  readonly d: string
  readonly fill: string
}

/** Face is a ground and two or three shapes on it. */
export interface Face {
  readonly ground: string
  readonly shapes: readonly Shape[]
}

/** dice gives whole numbers below n, always the same ones for a seed. */
function dice(seed: string): (n: number) => number {
  let h = 2166136261
  for (const c of seed) h = Math.imul(h ^ (c.codePointAt(0) ?? 0), 16777619)
  return (n) => {
    h = Math.imul(h ^ (h >>> 15), 2246822507)
    h = Math.imul(h ^ (h >>> 13), 3266489909)
    h ^= h >>> 16
    return (h >>> 0) % n
  }
}

const round = (x: number): string => String(Math.round(x * 10) / 10)

/** blob is a closed soft line around a centre: lobes of two radii, joined by curves. */
function blob(cx: number, cy: number, outer: number, inner: number, lobes: number, turn: number): string {
  const n = lobes * 2
  const at = (i: number): [number, number] => {
    const r = i % 2 === 0 ? outer : inner
    const a = turn + (i / n) * 2 * Math.PI
    return [cx + r * Math.cos(a), cy + r * Math.sin(a)]
  }
  const middle = (i: number): [number, number] => {
    const [ax, ay] = at(i)
    const [bx, by] = at(i + 1)
    return [(ax + bx) / 2, (ay + by) / 2]
  }
  const [sx, sy] = middle(n - 1)
  let d = `M${round(sx)} ${round(sy)}`
  for (let i = 0; i < n; i++) {
    const [qx, qy] = at(i)
    const [x, y] = middle(i)
    d += `Q${round(qx)} ${round(qy)} ${round(x)} ${round(y)}`
  }
  return `${d}Z`
}

const seconds = [55, 105, 160, 205, 260, 310] as const
const thirds = [40, 180] as const

/** Ways to place a large shape on the ground. */
const larges: readonly [(turn: number) => string, ...((turn: number) => string)[]] = [
  (turn: number) => blob(24 + 13 * Math.cos(turn), 24 + 13 * Math.sin(turn), 21, 19, 3, turn), // a hill from one side
  (turn: number) => blob(24, 24, 21, 11, 3, turn), // three leaves
  (turn: number) => blob(24, 24, 22, 12, 4, turn), // four petals
  (turn: number) => blob(24, 24, 23, 12, 2, turn), // a bean
  (turn: number) => blob(24, 24, 20, 14, 5, turn), // a flower
]

const small = (turn: number, far: number, r: number): string => blob(24 + far * Math.cos(turn), 24 + far * Math.sin(turn), r, r, 4, 0)

/** faceOf makes the face of an account. */
export function faceOf(account: string): Face {
  const roll = dice(account)
  const hue = roll(15) * 24
  const pick = <T>(from: readonly [T, ...T[]]): T => from[roll(from.length)] ?? from[0]
  const second = (hue + pick(seconds)) % 360
  const third = (second + pick(thirds)) % 360
  const dark = roll(2) === 0
  const turn = (roll(17) / 17) * 2 * Math.PI // 17, so that no turn of a petal gives another face
  const large = pick(larges)
  const ground = dark ? `oklch(0.48 0.12 ${hue})` : `oklch(0.88 0.07 ${hue})`
  const front = dark ? `oklch(0.8 0.13 ${second})` : `oklch(0.6 0.15 ${second})`
  const spot = dark ? `oklch(0.94 0.06 ${third})` : `oklch(0.36 0.11 ${third})`
  const shapes: Shape[] = [{ d: large(turn), fill: front }]
  const kind = roll(4)
  if (kind === 0) shapes.push({ d: small(turn, 0, 7.5), fill: spot })
  if (kind === 1) shapes.push({ d: small(turn + Math.PI, 12, 7.5), fill: spot })
  if (kind === 2) shapes.push({ d: small(turn + 1.2, 9, 5.5), fill: spot }, { d: small(turn + 1.2 + Math.PI, 9, 5.5), fill: spot })
  if (kind === 3) shapes.push({ d: blob(24, 24, 9, 9, 2, turn), fill: spot })
  return { ground, shapes }
}
