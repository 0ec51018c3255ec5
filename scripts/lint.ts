/** `npm run lint`: Biome and the type checker, both over everything. `npm run lint -- --fix` fixes what can be fixed. */
import { join } from 'node:path'

const root = join(import.meta.dir, '..')
const bin = (name: string) => join(root, 'node_modules/.bin', name)
const fix = process.argv.includes('--fix') ? ['--write'] : []

const run = async (...argv: string[]): Promise<boolean> =>
  (await Bun.spawn(argv, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).exited) === 0

const clean = await run(bin('biome'), 'check', '--error-on-warnings', ...fix, '.')
const typed = await run(bin('tsc'), '-p', '.')
process.exit(clean && typed ? 0 : 1)
