import { DevicePanel } from '../devices/panel.tsx'

/** DevicesSection is a part of the settings. */
export function DevicesSection() {
  return <DevicePanel />
}
