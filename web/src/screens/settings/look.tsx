import { Moon, Sun, SunMoon } from 'lucide-preact'
import { useSignal } from '@preact/signals'

import { languageFor } from '../../state/language.ts'
import { type Language, languages, type Theme } from '../../state/preferences.ts'
import { t, useLanguage } from '../../text/index.ts'
import { type Option, Segmented, Select } from '../../ui/choice.tsx'
import { useApp } from '../../ui/context.ts'
import { Section } from '../../ui/page.tsx'

const isOffered = (language: Language): boolean => languages.some((l) => l === language)

/** LookSection is how the pages look, and what language they speak. Both change at once. */
export function LookSection() {
  const { preferences } = useApp()
  const failed = useSignal(false)
  const themes: Option<Theme>[] = [
    { value: 'auto', words: t.settings.themeAuto, icon: SunMoon },
    { value: 'light', words: t.settings.themeLight, icon: Sun },
    { value: 'dark', words: t.settings.themeDark, icon: Moon },
  ]
  const choices: Option<Language>[] = [
    { value: 'auto', words: t.settings.languageAuto },
    ...languages.map((l): Option<Language> => ({ value: l, words: t.settings.languages[l], lang: l })),
  ]
  const speak = async (language: Language): Promise<void> => {
    failed.value = !(await useLanguage(languageFor(language, navigator.languages)))
    if (!failed.value) preferences.language.value = language
  }
  return (
    <Section title={t.settings.look} id="settings-look">
      <div class="form">
        <Segmented label={t.settings.theme} value={preferences.theme.value} options={themes} onPick={(theme) => (preferences.theme.value = theme)} />
        <Select
          label={t.settings.language}
          value={isOffered(preferences.language.value) ? preferences.language.value : 'auto'}
          options={choices}
          onPick={(language) => void speak(language)}
          problem={failed.value ? t.settings.languageFailed : undefined}
        />
      </div>
    </Section>
  )
}
