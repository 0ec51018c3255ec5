/** A user's units run only while the user is logged in, unless lingering is enabled (loginctl(1)). */
import { existsSync } from 'node:fs'
import type { UserLayout } from '../layout.ts'
import type { Programs } from '../programs.ts'
import type { Step } from '../step.ts'

export const lingeringStep = ({ user, lingerMark }: UserLayout, programs: Programs): Step => ({
  id: 'lingering',
  async changes() {
    return existsSync(lingerMark) ? [] : [`let ${user}'s units run from boot on, without a login`]
  },
  async apply() {
    await programs.run('loginctl', ['--no-ask-password', 'enable-linger', user])
  },
  withoutIt: `hal0 runs while you are logged in. To keep it running: sudo loginctl enable-linger ${user}`,
})
