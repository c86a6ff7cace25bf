import { t } from '../text/index.ts'
import { Heading } from '../ui/page.tsx'
import { Shell } from './shell.tsx'

export function Add() {
  return (
    <Shell>
      <Heading>{t.people.addTitle}</Heading>
    </Shell>
  )
}
