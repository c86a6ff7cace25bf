/** settingsSections are the places of the settings, in the order they are listed: /settings/you and so on. */
export const settingsSections = ['you', 'look', 'devices', 'notifications', 'privacy', 'this-device'] as const

/** SettingsSection is one of them. */
export type SettingsSection = (typeof settingsSections)[number]
