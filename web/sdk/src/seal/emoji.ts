/** Emoji is one of the 64 signs, with its English name for whoever can't see it. */
export interface Emoji {
  readonly sign: string
  readonly name: string
}

const signs = [
  ['🐶', 'Dog'], ['🐱', 'Cat'], ['🦁', 'Lion'], ['🐎', 'Horse'], ['🦄', 'Unicorn'], ['🐷', 'Pig'], ['🐘', 'Elephant'], ['🐰', 'Rabbit'],
  ['🐼', 'Panda'], ['🐓', 'Rooster'], ['🐧', 'Penguin'], ['🐢', 'Turtle'], ['🐟', 'Fish'], ['🐙', 'Octopus'], ['🦋', 'Butterfly'],
  ['🌷', 'Flower'], ['🌳', 'Tree'], ['🌵', 'Cactus'], ['🍄', 'Mushroom'], ['🌏', 'Globe'], ['🌙', 'Moon'], ['☁️', 'Cloud'], ['🔥', 'Fire'],
  ['🍌', 'Banana'], ['🍎', 'Apple'], ['🍓', 'Strawberry'], ['🌽', 'Corn'], ['🍕', 'Pizza'], ['🎂', 'Cake'], ['❤️', 'Heart'], ['😀', 'Smiley'],
  ['🤖', 'Robot'], ['🎩', 'Hat'], ['👓', 'Glasses'], ['🔧', 'Spanner'], ['🎅', 'Santa'], ['👍', 'Thumbs Up'], ['☂️', 'Umbrella'],
  ['⌛', 'Hourglass'], ['⏰', 'Clock'], ['🎁', 'Gift'], ['💡', 'Light Bulb'], ['📕', 'Book'], ['✏️', 'Pencil'], ['📎', 'Paperclip'],
  ['✂️', 'Scissors'], ['🔒', 'Lock'], ['🔑', 'Key'], ['🔨', 'Hammer'], ['☎️', 'Telephone'], ['🏁', 'Flag'], ['🚂', 'Train'], ['🚲', 'Bicycle'],
  ['✈️', 'Aeroplane'], ['🚀', 'Rocket'], ['🏆', 'Trophy'], ['⚽', 'Ball'], ['🎸', 'Guitar'], ['🎺', 'Trumpet'], ['🔔', 'Bell'], ['⚓', 'Anchor'],
  ['🎧', 'Headphones'], ['📁', 'Folder'], ['📌', 'Pin'],
] as const

/** emoji are the 64 in the order of the Matrix specification (data-definitions/sas-emoji.json, Apache-2.0). */
export const emoji: readonly Emoji[] = signs.map(([sign, name]) => ({ sign, name }))

/** Places are where in emoji the four of a call or of linking stand. */
export type Places = readonly [number, number, number, number]

/** sixes cuts 24 bits into four places. */
export function sixes(b: Uint8Array): Places {
  const [x = 0, y = 0, z = 0] = b
  const v = (x << 16) | (y << 8) | z
  return [v >> 18, (v >> 12) & 63, (v >> 6) & 63, v & 63]
}
