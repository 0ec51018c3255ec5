/** The key between hal0 and its backends: other users of this machine can reach the port of a backend, but it does not answer them. */
import { beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Daemon, errorOf } from '../../support/daemon.ts'
import { realEngine } from '../../support/real-engine.ts'
import { makeStandIn } from '../../support/stand-in-llama.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { tinyModel } from '../../support/tiny-model.ts'

setDefaultTimeout(60_000)

let model = ''
beforeAll(async () => {
  model = await tinyModel('chat')
})

const keyFile = (daemon: Daemon) => join(daemon.root, 'var/lib/hal0/slots/primary/backend-key')
const keyOf = (daemon: Daemon) => daemon.backendKey()

/** The status of a completion that is asked for at the backend itself. */
const directly = async (daemon: Daemon, key?: string): Promise<number> => {
  const answer = await fetch(`http://127.0.0.1:${daemon.slotPort}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
    body: JSON.stringify({ model: 'tiny', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 2 }),
  })
  await answer.arrayBuffer()
  return answer.status
}

describe.each(['the stand-in', 'the real engine'])('with %s', (which) => {
  const start = async () => {
    const engine = which === 'the stand-in' ? makeStandIn(join(tempDir(), 'engine')) : await realEngine()
    const daemon = await Daemon.start()
    await daemon.addSlot(model, { name: 'primary', engine })
    return { daemon, pid: await daemon.load() }
  }

  test('only hal0 gets an answer of a backend, before and after the daemon was killed; each load has another key', async () => {
    const { daemon, pid } = await start()
    const key = keyOf(daemon)
    expect(key).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(statSync(keyFile(daemon)).mode & 0o777).toBe(0o600)
    expect([await directly(daemon), await directly(daemon, 'another'), await directly(daemon, key)]).toEqual([
      401, 401, 200,
    ])
    // A client's own key has nothing to do with it.
    expect((await daemon.chat({}, { headers: { authorization: 'Bearer sk-client' } })).status).toBe(200)
    expect(readFileSync(`/proc/${pid}/cmdline`, 'latin1')).not.toContain(key)
    for (const one of [pid, daemon.pid]) {
      expect(readFileSync(`/proc/${one}/limits`, 'utf8')).toMatch(/^Max core file size\s+0\s+0\s/m)
    }
    await daemon.restart()
    expect((await daemon.state()).pid).toBe(pid)
    expect((await daemon.chat()).status).toBe(200)
    await daemon.must('POST', '/api/slots/primary/restart?wait=30')
    expect(keyOf(daemon)).not.toBe(key)
    expect([await directly(daemon, key), (await daemon.chat()).status]).toEqual([401, 200])
    // Nothing that hal0 answers or keeps for others to read has it.
    const shown = JSON.stringify([
      await daemon.must('GET', '/api/slots'),
      await daemon.must('GET', '/api/logs/decisions'),
      await daemon.must('GET', '/api/why?slot=primary'),
      await daemon.must('GET', '/api/slots/primary/logs'),
      daemon.stderr,
    ])
    expect([shown.includes(key), shown.includes(keyOf(daemon))]).toEqual([false, false])
    const folder = join(daemon.root, 'var/lib/hal0/slots/primary')
    const having = readdirSync(folder).filter((name) =>
      readFileSync(join(folder, name), 'latin1').includes(keyOf(daemon)),
    )
    expect(having).toEqual(['backend-key'])
  })
})

test('a backend that does not take the key is told as that, not as a wrong key of the client', async () => {
  const engine = makeStandIn(join(tempDir(), 'engine'))
  const daemon = await Daemon.start()
  await daemon.addSlot(model, { name: 'primary', engine, sentinel: false })
  await daemon.load()
  rmSync(keyFile(daemon))
  await daemon.restart()
  await daemon.must('POST', '/api/slots/primary/load?wait=20')
  const answer = await daemon.chat({}, { headers: { authorization: 'Bearer sk-client' } })
  expect([answer.status, errorOf(answer).code]).toEqual([502, 'upstream.failed'])
  expect(errorOf(answer).message).toContain('hal0 slot restart primary')
  await daemon.must('POST', '/api/slots/primary/restart?wait=20')
  expect((await daemon.chat()).status).toBe(200)
})
