/** NotificationsSection is a part of the settings. */
export function NotificationsSection() {
  return null
}
