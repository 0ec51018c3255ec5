/** The files of `systemd/` with the paths that they are installed to. */
import { join } from 'node:path'
import polkitRules from '../../../systemd/50-hal0.rules' with { type: 'text' }
import systemService from '../../../systemd/hal0.service' with { type: 'text' }
import sysusers from '../../../systemd/hal0.sysusers.conf' with { type: 'text' }
import tmpfiles from '../../../systemd/hal0.tmpfiles.conf' with { type: 'text' }
import systemSlot from '../../../systemd/hal0-slot@.service' with { type: 'text' }
import userService from '../../../systemd/user/hal0.service' with { type: 'text' }
import userSlot from '../../../systemd/user/hal0-slot@.service' with { type: 'text' }
import { apiUnit } from '../../system/systemd/hosting.ts'
import type { Layout, SystemLayout } from '../layout.ts'

export interface TextFile {
  path: string
  text: string
}

export const slotTemplate = 'hal0-slot@.service'
/** Matches every instance of the template, in systemctl's pattern syntax. */
export const slotPattern = 'hal0-slot@*.service'

export const unitFiles = ({ scope, unitDir }: Layout): [service: TextFile, slot: TextFile] => [
  { path: join(unitDir, apiUnit), text: scope === 'system' ? systemService : userService },
  { path: join(unitDir, slotTemplate), text: scope === 'system' ? systemSlot : userSlot },
]

export const sysusersFile = ({ sysusers: path }: SystemLayout): TextFile => ({ path, text: sysusers })
export const tmpfilesFile = ({ tmpfiles: path }: SystemLayout): TextFile => ({ path, text: tmpfiles })
export const polkitFile = ({ polkitRules: path }: SystemLayout): TextFile => ({ path, text: polkitRules })
