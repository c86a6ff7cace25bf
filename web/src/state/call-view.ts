// Where things lie on the stage.

export type Corner = 'end-end' | 'end-start' | 'start-end' | 'start-start'
export type Arrow = 'up' | 'down' | 'left' | 'right'
type Direction = 'ltr' | 'rtl'

interface Size {
  readonly width: number
  readonly height: number
}

const cornerOf = (bottom: boolean, atEnd: boolean): Corner => `${bottom ? 'end' : 'start'}-${atEnd ? 'end' : 'start'}`

/** sides says where a corner is seen. */
export function sides(corner: Corner, dir: Direction): { bottom: boolean; right: boolean } {
  const [block, inline] = corner.split('-')
  return { bottom: block === 'end', right: (inline === 'end') === (dir === 'ltr') }
}

/** nearestCorner is where something falls that is let go at x, y within a box. */
export function nearestCorner(x: number, y: number, box: Size, dir: Direction): Corner {
  return cornerOf(y > box.height / 2, x > box.width / 2 === (dir === 'ltr'))
}

/** moved is the corner that lies in the direction of an arrow. */
export function moved(corner: Corner, arrow: Arrow, dir: Direction): Corner {
  const { bottom, right } = sides(corner, dir)
  const down = arrow === 'down' || (arrow !== 'up' && bottom)
  const toRight = arrow === 'right' || (arrow !== 'left' && right)
  return cornerOf(down, toRight === (dir === 'ltr'))
}

const round: Readonly<Record<Corner, Corner>> = { 'end-end': 'end-start', 'end-start': 'start-start', 'start-start': 'start-end', 'start-end': 'end-end' }

/** next goes round the corners, for those who neither drag nor have arrows. */
export function next(corner: Corner): Corner {
  return round[corner]
}

/**
 * What a picture may lose by filling the stage: of its height little, for that
 * is foreheads and chins; of its width more, for people sit in the middle.
 * Beyond that it is shown whole.
 */
const mayLose = { height: 0.25, width: 0.4 } as const
const rounding = 0.002

/** fitOf says whether a picture fills the stage or is shown whole. What one reads must be whole. */
export function fitOf(picture: Size, stage: Size, screen: boolean): 'cover' | 'contain' {
  if (screen) return 'contain'
  if (picture.width === 0 || picture.height === 0 || stage.width === 0 || stage.height === 0) return 'cover'
  const a = picture.width / picture.height
  const b = stage.width / stage.height
  const lost = 1 - Math.min(a / b, b / a)
  return lost > (a < b ? mayLose.height : mayLose.width) + rounding ? 'contain' : 'cover'
}

/** aspectOf is the shape of a small picture: the camera's own, unless it is a mere strip. */
export function aspectOf(picture: Size): number | undefined {
  if (picture.width === 0 || picture.height === 0) return undefined
  return Math.min(2.4, Math.max(0.42, picture.width / picture.height))
}
