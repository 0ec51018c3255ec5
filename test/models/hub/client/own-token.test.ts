/** hal0's own token file, on a real disk. */
import { describe, expect, test } from 'bun:test'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { findHubToken } from '../../../../src/models/hub/client/hub-settings.ts'
import { openHub } from '../../../../src/models/hub/client/hub-setup.ts'
import { ownTokenPlaces } from '../../../../src/models/hub/client/own-token.ts'
import { testWith } from '../../../support/part.ts'
import { tempDir } from '../../../support/temp-dir.ts'

const token = 'hf_onlyForTheHub'

const fileWith = (mode: number): string => {
  const path = join(tempDir(), 'hf-token')
  writeFileSync(path, `${token}\n`, { mode: 0o600 })
  chmodSync(path, mode)
  return path
}

const find = async (path: string, env: Record<string, string> = {}) => {
  const found = await findHubToken(ownTokenPlaces(path, env))
  if (found === null) return null
  return 'problem' in found ? { source: found.source, why: found.problem.message, code: found.problem.code } : found
}

const isRoot = process.getuid?.() === 0
const nobody = 65_534

/** The same as another user, in a separate process. */
const findAsNobody = async (path: string, env: Record<string, string>): Promise<unknown> => {
  const module = (name: string) => JSON.stringify(join(import.meta.dir, '../../../../src/models/hub/client', name))
  const script = `
    const { ownTokenPlaces } = await import(${module('own-token.ts')})
    const { findHubToken } = await import(${module('hub-settings.ts')})
    process.setgid(${nobody})
    process.setuid(${nobody})
    const found = await findHubToken(ownTokenPlaces(${JSON.stringify(path)}, ${JSON.stringify(env)}))
    const { problem } = found
    console.log(JSON.stringify(problem === undefined ? found : { source: found.source, code: problem.code, why: problem.message }))`
  const { stdout, stderr } = Bun.spawnSync([process.execPath, '-e', script])
  if (stdout.length === 0) throw new Error(stderr.toString())
  return JSON.parse(stdout.toString()) as unknown
}

describe('the file', () => {
  test.each([0o600, 0o400])('of mode %o is taken', async (mode) => {
    expect(await find(fileWith(mode))).toEqual({ source: 'file', token })
  })

  test.each([0o640, 0o604, 0o620, 0o644, 0o601])(
    'of mode %o is refused with the command that closes it',
    async (mode) => {
      const path = fileWith(mode)
      const found = await find(path)
      expect(found).toMatchObject({ source: 'file', code: 'config.invalid' })
      expect(JSON.stringify(found)).toContain(`chmod 600 ${path}`)
      expect(JSON.stringify(found)).not.toContain(token)
      chmodSync(path, 0o600)
      expect(await find(path)).toEqual({ source: 'file', token })
    },
  )

  test('behind a link is checked by its own mode', async () => {
    for (const mode of [0o600, 0o644]) {
      const link = join(tempDir(), 'hf-token')
      symlinkSync(fileWith(mode), link)
      expect(await find(link)).toHaveProperty(mode === 0o600 ? 'token' : 'why')
    }
  })

  test('that is a folder or a pipe is refused, without waiting for a writer', async () => {
    const folder = join(tempDir(), 'hf-token')
    mkdirSync(folder, { mode: 0o700 })
    const pipe = join(tempDir(), 'hf-token')
    Bun.spawnSync(['mkfifo', '-m', '600', pipe])
    for (const path of [folder, pipe])
      expect(await find(path)).toMatchObject({ why: expect.stringContaining('not a regular') })
  })

  test('that is missing or empty has no token', async () => {
    expect(await find(join(tempDir(), 'none'))).toBeNull()
    const empty = join(tempDir(), 'hf-token')
    writeFileSync(empty, '\n', { mode: 0o600 })
    expect(await find(empty)).toBeNull()
  })

  testWith('root', isRoot)('that another user made says how it is given again', async () => {
    const path = fileWith(0o600)
    chmodSync(dirname(path), 0o755)
    const found = await findAsNobody(path, {})
    expect(found).toMatchObject({ source: 'file', code: 'config.invalid' })
    expect(JSON.stringify(found)).toContain('hal0 config token')
    expect(JSON.stringify(found)).toContain(`sudo chown ${nobody} ${path}`)
  })
})

test('a credential of the unit wins over the file, whatever its mode', async () => {
  const folder = tempDir()
  const path = fileWith(0o600)
  expect(await find(path, { CREDENTIALS_DIRECTORY: folder })).toEqual({ source: 'file', token })
  writeFileSync(join(folder, 'hf-token'), 'hf_credential', { mode: 0o440 })
  expect(await find(path, { CREDENTIALS_DIRECTORY: folder })).toEqual({ source: 'credential', token: 'hf_credential' })
})

testWith('root', isRoot)('a folder of credentials that systemd left closed holds none', async () => {
  const folder = tempDir()
  const path = fileWith(0o600)
  chmodSync(dirname(path), 0o755)
  chownSync(path, nobody, nobody)
  chmodSync(folder, 0o700)
  expect(await findAsNobody(path, { CREDENTIALS_DIRECTORY: folder })).toEqual({ source: 'file', token })
})

describe('a token that is stored', () => {
  test('is in a file of mode 0600 with nothing beside it, takes effect at once, and is gone once removed', async () => {
    const path = join(tempDir(), 'etc/hf-token')
    const { token: store, hasToken } = openHub({}, [], path)
    expect([await hasToken(), await store.look()]).toEqual([false, { source: 'none', problem: null }])
    await store.store(token)
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual([`${token}\n`, 0o600])
    expect(readdirSync(dirname(path))).toEqual(['hf-token'])
    expect([await hasToken(), await store.look()]).toEqual([true, { source: 'file', problem: null }])
    await store.store(null)
    expect([existsSync(path), await hasToken()]).toEqual([false, false])
    await store.store(null)
  })

  test('replaces a file that others could read with one that they cannot', async () => {
    const path = fileWith(0o644)
    const { token: store, hasToken } = openHub({}, [], path)
    expect(await store.look()).toMatchObject({ source: 'file', problem: expect.stringContaining('chmod 600') })
    await expect(hasToken()).rejects.toMatchObject({ code: 'config.invalid' })
    await store.store(token)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(await hasToken()).toBe(true)
  })
})
