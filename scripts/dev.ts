/** `npm run dev`: the daemon from source, restarted at every change, with its data in .hal0/dev; slots survive restarts. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { buildWeb } from '../web/build.ts'

const root = join(import.meta.dir, '..')
const data = join(root, '.hal0/dev')
await mkdir(data, { recursive: true })
await buildWeb(join(root, 'dist/web'))
const child = Bun.spawn([process.execPath, '--watch', join(root, 'src/main.ts'), 'serve', ...process.argv.slice(2)], {
  cwd: root,
  env: { ...process.env, HAL0_ROOT: process.env.HAL0_ROOT ?? data },
  stdio: ['inherit', 'inherit', 'inherit'],
})
process.on('SIGINT', () => child.kill('SIGINT'))
process.exit(await child.exited)
