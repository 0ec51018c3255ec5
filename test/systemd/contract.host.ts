/**
 * The supervisor's contract with real units. Runs inside a test host (systemd.test.ts starts it there), as root with the host's
 * manager or as a user with its own. The unit is the user's template, without the sandbox of the system's: the contract's programs
 * lie in the tests' own folders.
 */
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findPaths, type Paths } from '../../src/system/paths.ts'
import { makeSystemctl, type Scope } from '../../src/system/systemd/systemctl.ts'
import { SystemdSupervisor } from '../../src/system/systemd/systemd-supervisor.ts'
import { supervisorContract } from '../system/supervisor-contract.ts'

const root = join(import.meta.dir, '../..')
const isRoot = process.getuid?.() === 0
const scope: Scope = isRoot ? 'system' : 'user'
const paths = findPaths({ ...process.env, HAL0_ROOT: undefined }, isRoot)
const systemctl = makeSystemctl(scope)

const install = async ({ lib }: Paths): Promise<void> => {
  mkdirSync(join(lib, '0.0.0'), { recursive: true })
  rmSync(join(lib, 'current'), { force: true })
  symlinkSync(join(root, 'dist'), join(lib, 'current'))
  const units = isRoot ? '/etc/systemd/system' : join(process.env.HOME ?? '', '.config/systemd/user')
  mkdirSync(units, { recursive: true })
  const template = readFileSync(join(root, 'systemd/user/hal0-slot@.service'), 'utf8')
  writeFileSync(
    join(units, 'hal0-slot@.service'),
    template.replace(/^ExecStart=.*$/m, `ExecStart=${lib}/current/hal0 slot-exec %i`),
  )
  const { code, stderr } = await systemctl.run(['daemon-reload'])
  if (code !== 0) throw new Error(stderr)
}
await install(paths)

supervisorContract(`the systemd supervisor (${scope})`, async () => ({
  open: () => new SystemdSupervisor({ paths, systemctl }),
  dispose: async () => rmSync(join(paths.data, 'slots'), { recursive: true, force: true }),
}))
