/** The command line with only `update`, so that keys can be defined like in a build: `bun --define HAL0_RELEASE_KEYS=… cli.ts`. */

import update from '../../../src/cli/host/update.ts'
import { run } from '../../../src/cli/tree/command-line.ts'

const root = { kind: 'group', about: 'A test.', commands: { update: async () => update } } as const
process.exitCode = await run(root, process.argv.slice(2))
