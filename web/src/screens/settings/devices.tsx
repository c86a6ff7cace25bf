/** DevicesSection is a part of the settings. */
export function DevicesSection() {
  return null
}
