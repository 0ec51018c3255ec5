/** Every command of the tree has an output for programs, also where there is nothing to list, or says in its help why not. */
import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Group } from '../../src/cli/command.ts'
import { tempDir } from '../support/temp-dir.ts'
import { alone, testAlone } from './support/alone.ts'
import { EventFeed, FakeApi } from './support/fake-api.ts'
import { hal0, Running } from './support/run-cli.ts'
import { acceptedPull, model, record, slot } from './support/samples.ts'

const engine = {
  id: 'a',
  provider: 'llama.cpp',
  source: 'pypi',
  version: '1.0',
  path: '/engines/a/llama-server',
  default: true,
  installed_at: null,
} as const
const pull = acceptedPull('tiny', { repo: 'acme/tiny', file: 'tiny.gguf' })
const offer = { id: 'tiny', file: 'tiny.gguf', quantization: null, size: 1, shards: 1, fit: null, installed: false }
const feed = new EventFeed()
const api = new FakeApi(
  {
    status: () => ({ version: '1', uptime_s: 1, pid: 1, supervisor: 'process', url: '', problems: [], slots: [] }),
    listSlots: () => [slot('primary', 'ready')],
    showSlot: () => slot('primary', 'ready'),
    createSlot: () => slot('fresh', 'offline'),
    editSlot: () => slot('primary', 'ready'),
    deleteSlot: () => undefined,
    acknowledgeSlot: () => slot('primary', 'offline'),
    loadSlot: () => slot('primary', 'ready'),
    unloadSlot: () => slot('primary', 'offline'),
    restartSlot: () => slot('primary', 'ready'),
    swapSlot: () => slot('primary', 'ready'),
    cancelSlot: () => slot('primary', 'offline'),
    slotLogs: () => [],
    slotCaptures: () => [],
    listModels: () => [model('tiny')],
    showModel: () => model('tiny'),
    importModel: () => model('tiny'),
    deleteModel: () => undefined,
    verifyModel: () => ({ id: 'tiny', ok: true, files: [] }),
    listCatalog: () => [],
    searchHub: () => [],
    listOutdated: () => [],
    readHubReference: () => ({ repo: 'acme/tiny', revision: null, file: 'tiny.gguf', folder: null }),
    showHubRepository: () => ({
      repo: 'acme/tiny',
      revision: 'c0ffee',
      gated: false,
      models: [offer],
      wanted: [offer],
      mmproj: [],
      problem: null,
    }),
    pullModel: () => pull,
    updateModel: () => ({ ...pull, phase: 'done' }),
    listPulls: () => [],
    listPullLeftovers: () => [],
    listEngines: () => [],
    installEngine: () => engine,
    useEngine: () => engine,
    removeEngine: () => undefined,
    listDecisions: () => [],
    createSignInLink: () => ({ path: '/sign-in#x', expires_at: '2026-01-01T00:15:00.000Z' }),
  },
  {
    'GET /api/slots/events': feed.respond,
    'POST /v1/chat/completions': () =>
      new Response(
        'data: {"choices":[{"index":0,"delta":{"content":"yes"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
        {
          headers: { 'content-type': 'text/event-stream' },
        },
      ),
  },
)
afterAll(() => api[Symbol.dispose]())

/** Command lines that reach the stand-in of a daemon, by the words of their command. */
const withDaemon: Record<string, string[]> = {
  status: [],
  chat: ['primary', 'Are you there?'],
  run: ['primary', 'Are you there?'],
  logs: [],
  pulls: [],
  rm: ['tiny'],
  open: [],
  'slot list': [],
  'slot show': ['primary'],
  'slot create': ['fresh', '--model', 'tiny'],
  'slot edit': ['primary', '--set', 'load=manual'],
  'slot rm': ['primary'],
  'slot load': ['primary'],
  'slot unload': ['primary'],
  'slot restart': ['primary'],
  'slot swap': ['primary', '--model', 'tiny'],
  'slot ack': ['primary'],
  'slot cancel': ['primary'],
  'slot logs': ['primary'],
  'slot capture': ['primary'],
  'model list': [],
  'model show': ['tiny'],
  'model pull': ['acme/tiny', '--no-wait'],
  'model search': ['tiny'],
  'model outdated': [],
  'model update': ['tiny'],
  'model gc': [],
  'model import': ['/tiny.gguf'],
  'model verify': [],
  'model rm': ['tiny'],
  'model assign': ['tiny', '--slot', 'primary'],
  'engine list': [],
  'engine install': ['llama.cpp'],
  'engine use': ['a'],
  'engine rm': ['a'],
}

/** Command lines that need no daemon, in a folder of their own. */
const withoutDaemon: Record<string, string[]> = {
  'key list': [],
  'key create': ['phone', '--scope', 'admin'],
  'key revoke': ['phone', '--force'],
  'config show': [],
  'config get': ['port'],
  'config set': ['port=9000'],
  'config check': [],
  'config edit': [],
  probe: [],
  doctor: [],
  version: [],
  completion: ['bash'],
  help: ['slot'],
}

/** They act on an installation; here they can only say why not, which is JSON too. */
const refused: Record<string, string[]> = {
  setup: ['--dry-run'],
  update: ['--check'],
  uninstall: [],
}

/** They go on until Ctrl-C: a line of JSON for each thing that happens. */
const lineByLine = ['slot watch']
/** Their JSON is what the daemon's settings are (config.test.ts). */
const elsewhere = ['config token']

const groupFile = (word: string): string => join(import.meta.dir, '../../src/cli', word, 'group.ts')

/** The words of every command. */
const walk = async (): Promise<string[]> => {
  const { stdout } = await hal0(['__complete', ''], { env: { HAL0_URL: 'http://127.0.0.1:9' } })
  const aliases = ['ps', 'ls', 'pull', 'stop']
  const paths: string[] = []
  for (const word of stdout
    .trim()
    .split('\n')
    .filter((one) => !aliases.includes(one))) {
    if (!existsSync(groupFile(word))) {
      paths.push(word)
      continue
    }
    const { default: group } = (await import(groupFile(word))) as { default: Group }
    paths.push(...Object.keys(group.commands).map((name) => `${word} ${name}`))
  }
  return paths
}

const words = (path: string, args: string[]): string[] => [...path.split(' '), ...args, '--json']

test('this test knows every command of the tree', async () => {
  const known = [...Object.keys({ ...withDaemon, ...withoutDaemon, ...refused }), ...lineByLine, ...elsewhere]
  const missing = (await walk()).filter((path) => !known.includes(path))
  const unexplained: string[] = []
  for (const path of missing) {
    const { stdout } = await hal0([...path.split(' '), '--help'])
    if (!/--json/.test(stdout.replace(/^.*--json +Print JSON for programs$/m, ''))) unexplained.push(path)
  }
  expect(unexplained).toEqual([])
}, 60_000)

describe('prints JSON and nothing else on stdout:', () => {
  for (const [path, args] of Object.entries(withDaemon)) {
    test(`hal0 ${path}`, async () => {
      const { code, stdout, stderr } = await hal0(words(path, args), { url: api.url })
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
      expect(JSON.parse(stdout)).toBeDefined()
    }, 30_000)
  }

  for (const [path, args] of Object.entries(withoutDaemon)) {
    // A daemon of somebody else on the usual port must not be asked, let alone be changed.
    testAlone(
      `hal0 ${path}`,
      async () => {
        const folder = tempDir()
        const editor = join(folder, 'editor')
        writeFileSync(editor, '#!/bin/sh\n', { mode: 0o755 })
        const env = { HAL0_ROOT: folder, EDITOR: editor }
        const { stdout } = await hal0(words(path, args), { env, under: alone })
        expect(JSON.parse(stdout)).toBeDefined()
      },
      30_000,
    )
  }
})

describe('a refusal is JSON on one line of stderr:', () => {
  for (const [path, args] of Object.entries(refused)) {
    test(`hal0 ${path}`, async () => {
      const { code, stdout, stderr } = await hal0(words(path, args), { env: { HAL0_ROOT: tempDir() } })
      expect({ failed: code !== 0, stdout }).toEqual({ failed: true, stdout: '' })
      expect(JSON.parse(stderr).error.code).toBeString()
    }, 30_000)
  }
})

test('hal0 slot watch prints a line of JSON for each change', async () => {
  const opened = feed.opened.promise
  using watching = new Running(['slot', 'watch', '--json'], { url: api.url })
  await opened
  feed.send('slot', record('primary', 'ready'), 1)
  await watching.printed('\n')
  watching.interrupt()
  expect(JSON.parse((await watching.outcome).stdout).state).toBe('ready')
}, 30_000)
