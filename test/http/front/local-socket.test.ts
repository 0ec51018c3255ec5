/** The local socket: who may open it, and what becomes of a leftover. */
import { afterEach, expect, test } from 'bun:test'
import { existsSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Caller } from '../../../src/contract/caller.ts'
import { Front } from '../../../src/http/front/front.ts'
import { tempDir } from '../../support/temp-dir.ts'

const fronts: Front[] = []
afterEach(() => {
  for (const front of fronts.splice(0)) front.close()
})

const start = async (path: string, isForGroup = false) => {
  const seen: Pick<Caller, 'address'>[] = []
  const overSocket: boolean[] = []
  const front = new Front({
    host: '127.0.0.1',
    port: 0,
    answer(request, answer) {
      seen.push({ address: request.peer })
      overSocket.push(request.overSocket)
      answer.send(200, '', Buffer.from('ok'))
    },
    refuse() {},
  })
  fronts.push(front)
  await front.listenLocally({ path, isForGroup })
  return { front, seen, overSocket }
}

const ask = (path: string): Promise<string> =>
  fetch('http://localhost/', { unix: path } as RequestInit).then(
    (answer) => answer.text(),
    () => 'no answer',
  )

const modeOf = (path: string): number => statSync(path).mode & 0o777

test('a request over the socket is known by its user, one over the network is not over the socket', async () => {
  const path = join(tempDir(), 'hal0/api.sock')
  const { front, seen, overSocket } = await start(path)
  expect(await ask(path)).toBe('ok')
  expect(await (await fetch(`http://127.0.0.1:${front.port}/`)).text()).toBe('ok')
  expect(seen).toEqual([{ address: `uid ${process.getuid?.()}` }, { address: '127.0.0.1' }])
  expect(overSocket).toEqual([true, false])
})

test('the socket and its folder are for its user, or for the group', async () => {
  const folder = tempDir()
  const [own, shared] = [join(folder, 'own/api.sock'), join(folder, 'shared/api.sock')]
  await start(own)
  await start(shared, true)
  expect([modeOf(own), modeOf(join(folder, 'own'))]).toEqual([0o600, 0o700])
  expect([modeOf(shared), modeOf(join(folder, 'shared'))]).toEqual([0o660, 0o750])
})

test('what a killed daemon left is replaced, and the socket goes with its daemon', async () => {
  const path = join(tempDir(), 'api.sock')
  const dead = Bun.listen({ unix: `${path}.dead`, socket: { data() {} } })
  renameSync(`${path}.dead`, path)
  dead.stop(true)
  expect(existsSync(path)).toBe(true)
  const { front } = await start(path)
  expect(front.problem()).toBeNull()
  expect(await ask(path)).toBe('ok')
  front.close()
  expect(existsSync(path)).toBe(false)
})

test('a socket at which somebody listens is left alone, and that is told', async () => {
  const path = join(tempDir(), 'api.sock')
  const first = await start(path)
  const second = await start(path)
  expect(second.front.problem()).toContain(`another program listens at ${path}`)
  second.front.close()
  expect(await ask(path)).toBe('ok')
  expect(first.seen).toHaveLength(1)
})

test('a daemon starts without its socket where there cannot be one', async () => {
  const folder = tempDir()
  const long = join(folder, 'x'.repeat(100), 'api.sock')
  expect((await start(long)).front.problem()).toContain('too long')
  writeFileSync(join(folder, 'file'), '')
  expect((await start(join(folder, 'file/api.sock'))).front.problem()).toContain('no local socket')
  mkdirSync(join(folder, 'full'))
  mkdirSync(join(folder, 'full/api.sock'))
  expect((await start(join(folder, 'full/api.sock'))).front.problem()).toContain('no local socket')
})
