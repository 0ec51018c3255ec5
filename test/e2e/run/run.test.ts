/** `hal0 run` from nothing, with the compiled binary: the daemon that it starts, and what it does when that goes wrong. */
import { describe, expect, onTestFinished, setDefaultTimeout, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Slot } from '../../../src/contract/slot-config.ts'
import { killNow } from '../../support/daemon.ts'
import { FakeHub } from '../../support/fake-hub/fake-hub.ts'
import { Newcomer } from '../../support/newcomer.ts'
import { makeStandIn } from '../../support/stand-in-llama.ts'
import { tinyModel } from '../../support/tiny-model.ts'

setDefaultTimeout(120_000)

const repo = 'acme/tiny-GGUF'
const model = `${repo}:Q4_K_M`

/** A hub with one small model, and a newcomer who knows it. */
const arrive = async (toml = '') => {
  const content = await Bun.file(await tinyModel('chat')).bytes()
  const hub = await FakeHub.start({ repos: [{ id: repo, files: [{ path: 'tiny-Q4_K_M.gguf', content }] }] })
  onTestFinished(() => hub.stop())
  return await Newcomer.arrive({ env: { HF_ENDPOINT: hub.url, HF_HOME: '/nonexistent' }, toml })
}
/** The stand-in for an engine, which takes so long to load. */
const useStandIn = (newcomer: Newcomer, loadMs = 0) =>
  newcomer.must('engine', 'use', makeStandIn(join(newcomer.root, 'engine'), { load_ms: loadMs }))
const slotsOf = async (newcomer: Newcomer) => JSON.parse(await newcomer.must('slot', 'list', '--json')) as Slot[]

/** Something else has the usual port for as long as the test runs, unless this machine has such a program anyway. */
const takeUsualPort = (): void => {
  try {
    const taker = Bun.listen({ hostname: '127.0.0.1', port: 8080, socket: { data() {} } })
    onTestFinished(() => taker.stop(true))
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EADDRINUSE') throw error
  }
}

describe('from nothing', () => {
  test('one command starts the daemon, installs the engine, pulls, makes a slot, and answers', async () => {
    const newcomer = await arrive()
    const { code, stdout, stderr } = await newcomer.run('run', model, 'Hello!', '--port', String(newcomer.port))
    expect([code, stderr]).toEqual([0, expect.any(String) as never])
    expect(stdout.trim().length).toBeGreaterThan(0)
    const steps = [
      `hal0 now runs in the background at http://127.0.0.1:${newcomer.port}\nIts log: ${newcomer.data('serve.log')}\n`,
      `It runs until you end it: kill ${newcomer.daemon?.pid}\n`,
      'No engine is here yet; installing llama.cpp',
      ' is installed.',
      'Slot tiny is made for tiny-q4_k_m; requests load it on demand.',
    ]
    expect(steps.map((step) => stderr.indexOf(step)).toSorted((a, b) => a - b)).toEqual(
      steps.map((step) => stderr.indexOf(step)),
    )
    expect(stderr).toContain(steps[0] ?? '')
    // All of it is there now, so that only the answer is left.
    for (const name of [model, 'tiny', 'tiny-q4_k_m']) {
      const again = await newcomer.run('run', name, 'Hello!')
      expect([again.code, again.stderr]).toEqual([0, ''])
    }
    expect((await slotsOf(newcomer)).map(({ config }) => [config.name, config.load])).toEqual([['tiny', 'on-demand']])
  })

  test('without the hub it says so, with what to do', async () => {
    const newcomer = await Newcomer.arrive({ env: { HF_ENDPOINT: 'http://127.0.0.1:1', HF_HOME: '/nonexistent' } })
    await useStandIn(newcomer)
    const { code, stdout, stderr } = await newcomer.run('run', model, 'Hello!', '--port', String(newcomer.port))
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/Error: .*127\.0\.0\.1:1/)
  })

  test('two commands at once start one daemon, and make one slot', async () => {
    const newcomer = await arrive()
    await useStandIn(newcomer)
    const port = ['--port', String(newcomer.port)]
    const both = await Promise.all([1, 2].map(() => newcomer.run('run', model, 'Hello!', ...port)))
    expect(both.map(({ code, stderr }) => [code, code === 0 ? '' : stderr])).toEqual([
      [0, ''],
      [0, ''],
    ])
    expect(both.filter(({ stderr }) => stderr.includes('now runs in the background')).length).toBe(1)
    expect((await slotsOf(newcomer)).length).toBe(1)
  })
})

describe('nothing is started', () => {
  const untouched = (newcomer: Newcomer) => [newcomer.daemon, existsSync(newcomer.data('serve.log'))]

  test('for a model that there is not, and near ones are named', async () => {
    const newcomer = await Newcomer.arrive()
    const { code, stderr } = await newcomer.run('run', 'qwen2.5-0.5b-instruct', 'Hello!')
    expect(code).toBe(4)
    expect(stderr).toContain('Did you mean qwen2.5-0.5b-instruct-q4_k_m')
    expect(untouched(newcomer)).toEqual([null, false])
  })

  test('for a port that was asked for and is taken: the holder is named', async () => {
    const newcomer = await arrive()
    const taker = Bun.listen({ hostname: '127.0.0.1', port: newcomer.port, socket: { data() {} } })
    onTestFinished(() => taker.stop(true))
    const { code, stderr } = await newcomer.run('run', model, 'Hello!', '--port', String(newcomer.port))
    expect(code).toBe(1)
    expect(stderr).toMatch(new RegExp(`^Error: Port ${newcomer.port} is taken by ".+" \\(process ${process.pid}[),]`))
    expect(untouched(newcomer)).toEqual([null, false])
  })

  test('with a hal0.toml that cannot be used: it is said what is wrong with it', async () => {
    const newcomer = await arrive('port = "many"')
    const { code, stderr } = await newcomer.run('run', model, 'Hello!')
    expect(code).toBe(1)
    expect(stderr).toContain('hal0.toml is not valid: port')
    expect(untouched(newcomer)).toEqual([null, false])
  })
})

describe('the daemon in the background', () => {
  test('takes the next free port when the usual one is taken, says so, and other commands find it', async () => {
    takeUsualPort()
    const newcomer = await arrive()
    await useStandIn(newcomer)
    const { code, stderr } = await newcomer.run('run', model, 'Hello!')
    expect([code, code === 0 ? '' : stderr]).toEqual([0, ''])
    const port = Number(new URL(newcomer.daemon?.url ?? '').port)
    expect(stderr).toMatch(new RegExp(`^Port 8080 is taken by .+, so hal0 listens on ${port}\\.\n`))
    expect(port < newcomer.port || port > newcomer.port + 4).toBe(true)
    expect(JSON.parse(await newcomer.must('status', '--json'))).toMatchObject({ pid: newcomer.daemon?.pid })
  })

  test('that cannot start is reported with what it printed last', async () => {
    const newcomer = await arrive('host = "10.255.255.7"')
    const { code, stderr } = await newcomer.run('run', model, 'Hello!', '--port', String(newcomer.port))
    expect(code).toBe(1)
    expect(stderr).toStartWith('Error: hal0 did not start; it printed last:\n')
    expect(stderr).toContain('10.255.255.7 is not an address of this machine')
    expect(stderr).toContain(`Try: less ${newcomer.data('serve.log')}`)
  })

  test('outlives the command, and its log is kept once over the next start', async () => {
    const newcomer = await arrive()
    await useStandIn(newcomer)
    const port = ['--port', String(newcomer.port)]
    await newcomer.must('run', model, 'Hello!', ...port)
    const first = newcomer.daemon?.pid ?? 0
    process.kill(first, 'SIGTERM')
    const { code, stderr } = await newcomer.run('run', model, 'Hello!', ...port)
    expect([code, newcomer.daemon?.pid === first]).toEqual([0, false])
    expect(stderr).toContain('now runs in the background')
    expect(existsSync(newcomer.data('serve.log.1'))).toBe(true)
  })

  test('that is killed while a model loads is started again, and the question is answered', async () => {
    const newcomer = await arrive()
    await useStandIn(newcomer, 3000)
    const command = newcomer.start('run', model, 'Hello!', '--port', String(newcomer.port))
    await command.said('tiny: warming')
    killNow(newcomer.daemon?.pid ?? 0)
    const { code, stdout, stderr } = await command.finished
    expect([code, code === 0 ? '' : stderr]).toEqual([0, ''])
    expect(stderr).toContain('Warning: the daemon has died; it is started again.')
    expect(stdout.trim().length).toBeGreaterThan(0)
  })
})

test('Ctrl-C while a model loads ends with 130, says that the load goes on and how to cancel it, and it does go on', async () => {
  const newcomer = await arrive()
  await useStandIn(newcomer, 2000)
  const command = newcomer.start('run', model, 'Hello!', '--port', String(newcomer.port))
  await command.said('tiny: warming')
  command.interrupt()
  const { code, stdout, stderr } = await command.finished
  expect([code, stdout]).toEqual([130, ''])
  expect(stderr).toContain('tiny keeps loading in the daemon. Follow it with: hal0 slot watch tiny\n')
  expect(stderr).toContain('Cancel it with: hal0 slot cancel tiny\n')
  expect(await newcomer.must('slot', 'load', 'tiny')).toContain('tiny is ready')
})
