/** What can go wrong between `hal0 run` and its answer: each ends in a sentence that says what to do, and nothing is lost. */
import { describe, expect, onTestFinished, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import type { Slot } from '../../../src/contract/slot-config.ts'
import { noTerminal, Terminal } from '../../cli/support/terminal.ts'
import { binary, killNow } from '../../support/daemon.ts'
import { FakeHub } from '../../support/fake-hub/fake-hub.ts'
import { Newcomer } from '../../support/newcomer.ts'
import { testWith } from '../../support/part.ts'
import { makeStandIn } from '../../support/stand-in-llama.ts'
import { tinyModel } from '../../support/tiny-model.ts'

setDefaultTimeout(120_000)

const inTerminal = testWith('tmux', noTerminal === null)
const repo = 'acme/tiny-GGUF'
const model = (label: string) => `${repo}:${label}`

/** A hub with two small models, and a newcomer who knows it and has a stand-in for an engine, unless he has to install one. */
const arrive = async (env: Record<string, string> = {}, hasEngine = true) => {
  const content = await Bun.file(await tinyModel('chat')).bytes()
  const files = ['tiny-Q4_K_M.gguf', 'tiny-Q6_K.gguf'].map((path) => ({ path, content }))
  const hub = await FakeHub.start({ repos: [{ id: repo, files }] })
  onTestFinished(() => hub.stop())
  const newcomer = await Newcomer.arrive({ env: { HF_ENDPOINT: hub.url, HF_HOME: '/nonexistent', ...env } })
  if (hasEngine) await newcomer.must('engine', 'use', makeStandIn(join(newcomer.root, 'engine'), { load_ms: 0 }))
  return { hub, newcomer, port: ['--port', String(newcomer.port)] }
}

/** A server that takes connections and never answers. @returns its address */
const silentServer = (): string => {
  const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  onTestFinished(() => server.stop(true))
  return `http://127.0.0.1:${server.port}`
}

test('two commands for different models at once get an answer each, from one daemon', async () => {
  const { newcomer, port } = await arrive()
  const both = await Promise.all(
    ['Q4_K_M', 'Q6_K'].map((label) => newcomer.run('run', model(label), 'Hello!', ...port)),
  )
  expect(both.map(({ code, stderr }) => [code, code === 0 ? '' : stderr])).toEqual([
    [0, ''],
    [0, ''],
  ])
  expect(both.filter(({ stderr }) => stderr.includes('now runs in the background'))).toHaveLength(1)
  const slots = JSON.parse(await newcomer.must('slot', 'list', '--json')) as Slot[]
  expect(slots.map(({ config }) => config.model).toSorted()).toEqual(['tiny-q4_k_m', 'tiny-q6_k'])
})

test('a command that is killed in the middle of a pull leaves it to the daemon, and the same command answers', async () => {
  const { hub, newcomer, port } = await arrive()
  hub.behave = ({ kind }) => (kind === 'cdn' ? { bytesPerSecond: 300_000 } : null)
  const killed = newcomer.start('run', model('Q4_K_M'), 'Hello!', ...port)
  await killed.said('tiny-q4_k_m')
  killed.kill()
  expect((await killed.finished).stdout).toBe('')
  const { code, stdout, stderr } = await newcomer.run('run', model('Q4_K_M'), 'Hello!')
  expect([code, code === 0 ? '' : stderr]).toEqual([0, ''])
  expect(stdout.trim().length).toBeGreaterThan(0)
})

describe('with a hub that takes the question and never answers', () => {
  test('the command says what it waits for, and Ctrl-C ends it at once', async () => {
    const { newcomer, port } = await arrive({ HF_ENDPOINT: silentServer() })
    const command = newcomer.start('run', model('Q4_K_M'), 'Hello!', ...port)
    await command.said(`asking the hub about ${repo}`)
    command.interrupt()
    const { code, stdout } = await command.finished
    expect([code, stdout]).toEqual([130, ''])
  })
})

describe('Ctrl-C in a terminal', () => {
  const open = (newcomer: Newcomer, label: string): Terminal =>
    new Terminal(
      ['run', model(label), 'Hello!', '--port', String(newcomer.port)],
      { ...newcomer.env, NO_COLOR: '1' },
      { program: binary },
    )

  inTerminal('during a pull says that it goes on and how to cancel it, and so it is', async () => {
    const { hub, newcomer } = await arrive()
    hub.behave = ({ kind }) => (kind === 'cdn' ? { bytesPerSecond: 50_000 } : null)
    using terminal = open(newcomer, 'Q4_K_M')
    await terminal.shows(/tiny-Q4_K_M\.gguf +\d+ %|tiny-q4_k_m +\[/, 60_000)
    terminal.press('C-c')
    const screen = await terminal.shows(/exit 130/, 30_000)
    expect(screen).toContain('tiny-q4_k_m is still being pulled by the daemon.')
    expect(screen).toContain('Cancel it with: hal0 model pull --cancel tiny-q4_k_m')
    expect(await newcomer.must('model', 'pull', '--cancel', 'tiny-q4_k_m')).toContain('is cancelled')
  })

  inTerminal('during the installation of an engine says that it goes on', async () => {
    const { newcomer } = await arrive({ PIP_INDEX_URL: `${silentServer()}/simple` }, false)
    using terminal = open(newcomer, 'Q4_K_M')
    await terminal.shows(/installing llama\.cpp — \d/, 60_000)
    terminal.press('C-c')
    const screen = await terminal.shows(/exit 130/, 30_000)
    expect(screen.replaceAll(/\s+/g, ' ')).toContain(
      'The daemon goes on with the installation, which cannot be cancelled.',
    )
    expect(screen).toContain('hal0 engine rm ID')
    killNow(newcomer.daemon?.pid ?? 0)
  })
})
