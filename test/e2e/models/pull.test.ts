/** Pulls with the compiled binary, from a fake hub that the hub's own client downloads from (test/models/hub). */
import { expect, onTestFinished, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelEntry } from '../../../src/contract/models/model.ts'
import type { Pull } from '../../../src/contract/models/pull.ts'
import type { Slot } from '../../../src/contract/slot-config.ts'
import { statFields } from '../../../src/system/proc/stat.ts'
import { smallProjector } from '../../models/gguf/gguf-bytes.ts'
import { Daemon, errorOf, runHal0 } from '../../support/daemon.ts'
import { FakeHub } from '../../support/fake-hub/fake-hub.ts'
import { testWith } from '../../support/part.ts'
import { realEngine } from '../../support/real-engine.ts'
import { SlotWatch } from '../../support/slot-watch.ts'
import { tinyModel } from '../../support/tiny-model.ts'
import { until } from '../../support/until.ts'

setDefaultTimeout(60_000)

const token = 'hf_a_very_secret_token'
const repo = 'acme/tiny-GGUF'
const q4 = 'tiny-Q4_K_M.gguf'

const setUp = async (options: { size?: 'small' | 'large'; gated?: boolean } = {}) => {
  const path = await tinyModel('chat', options.size === 'large' ? { layers: 16, width: 256 } : {})
  const content = new Uint8Array(await Bun.file(path).arrayBuffer())
  const files = [
    ...[q4, 'tiny-Q8_0.gguf'].map((name) => ({ path: name, content })),
    { path: 'mmproj-F16.gguf', content: new Uint8Array(smallProjector()) },
  ]
  const readme = { path: 'README.md', content: new TextEncoder().encode('# tiny\n') }
  const gate = options.gated === true ? { gated: 'manual' as const, readers: [token] } : {}
  const hub = await FakeHub.start({ repos: [{ id: repo, files: [...files, readme], downloads: 7, ...gate }] })
  onTestFinished(() => hub.stop())
  const daemon = await Daemon.start({
    env: { HF_ENDPOINT: hub.url, HOME: '/nonexistent', HF_HOME: '/nonexistent', NO_PROXY: '127.0.0.1' },
  })
  return { hub, daemon, content }
}
const models = (daemon: Daemon, ...rest: string[]): string => join(daemon.root, 'var/lib/hal0/models', ...rest)
/** The pull, looked at until `done` holds. */
const pullOnce = async (daemon: Daemon, id: string, done: (pull: Pull) => boolean): Promise<Pull> => {
  const end = performance.now() + 30_000
  for (;;) {
    const { status, body: pull } = await daemon.call<Pull>('GET', `/api/models/${id}/pull`)
    if (status === 200 && done(pull)) return pull
    if (performance.now() > end) throw new Error(`the pull of ${id} stands still: ${JSON.stringify(pull)}`)
    await Bun.sleep(20)
  }
}
const ended = (daemon: Daemon, id: string): Promise<Pull> =>
  pullOnce(daemon, id, ({ phase }) => ['done', 'failed', 'cancelled'].includes(phase))

test('hal0 model pull installs a verified, registered model that a slot can run', async () => {
  const { daemon, content } = await setUp()
  const { code, stdout, stderr } = await runHal0(['model', 'pull', `${repo}:Q4_K_M`], { env: daemon.env })
  expect([code, stderr]).toEqual([0, expect.stringContaining(`Pulling ${q4}`)])
  expect(stdout).toContain('tiny-q4_k_m is here and verified.')
  const entry = await daemon.must<ModelEntry>('GET', '/api/models/tiny-q4_k_m')
  expect(entry).toMatchObject({
    kind: 'chat',
    source: { repo, files: [q4] },
    files: [{ path: `acme--tiny-GGUF/${q4}`, size: content.length }],
  })
  expect(new Uint8Array(readFileSync(models(daemon, 'acme--tiny-GGUF', q4)))).toEqual(content)
  const sums = Bun.spawnSync(['sha256sum', '-c', `${q4}.sha256`], { cwd: models(daemon, 'acme--tiny-GGUF') })
  expect(sums.exitCode).toBe(0)
  expect(readdirSync(models(daemon)).filter((name) => name.startsWith('.'))).toEqual(['.source-tiny-q4_k_m.json'])
  const again = await runHal0(['model', 'pull', `${repo}:Q4_K_M`], { env: daemon.env })
  expect(again.code).toBe(0)
})

test('a second file of the repository is stored beside the first, and each is removed alone', async () => {
  const { daemon } = await setUp()
  for (const quantization of ['Q4_K_M', 'Q8_0']) {
    expect((await runHal0(['model', 'pull', `${repo}:${quantization}`], { env: daemon.env })).code).toBe(0)
  }
  await daemon.must('DELETE', '/api/models/tiny-q4_k_m')
  expect(readdirSync(models(daemon, 'acme--tiny-GGUF')).sort()).toEqual(['tiny-Q8_0.gguf', 'tiny-Q8_0.gguf.sha256'])
})

test('a projector comes along as a model of its own when it is requested', async () => {
  const { daemon } = await setUp()
  expect((await runHal0(['model', 'pull', repo, '--mmproj'], { env: daemon.env })).code).toBe(0)
  const ids = (await daemon.must<ModelEntry[]>('GET', '/api/models')).map(({ id }) => id)
  expect(ids).toEqual(['tiny-q4_k_m', 'tiny-q4_k_m-mmproj'])
})

test('the same pull requested twice is one; another one of the same id is refused', async () => {
  const { hub, daemon } = await setUp()
  hub.behave = ({ kind }) => (kind === 'cdn' ? { delayMs: 500 } : null)
  const body = { repo, file: q4 }
  const both = await Promise.all([1, 2].map(() => daemon.call<Pull>('POST', '/api/models/one/pull', body)))
  expect(both.map(({ status }) => status)).toEqual([202, 202])
  const other = await daemon.call('POST', '/api/models/one/pull', { repo, file: 'tiny-Q8_0.gguf' })
  expect(errorOf(other).code).toBe('model.exists')
  expect((await ended(daemon, 'one')).phase).toBe('done')
  expect(hub.log.filter(({ server, target }) => server === 'hub' && target.includes('/tree/')).length).toBe(1)
})

test('after kill -9 of the daemon in a pull, the next one continues by itself, and fetches little twice', async () => {
  const { hub, daemon, content } = await setUp({ size: 'large' })
  let sent = 0
  hub.behave = ({ kind }) => (kind === 'cdn' ? { bytesPerSecond: 3_000_000 } : null)
  await daemon.must('POST', '/api/models/one/pull', { repo, file: q4 })
  await pullOnce(daemon, 'one', ({ bytes_received }) => bytes_received > content.length / 3)
  await daemon.kill()
  hub.behave = ({ kind, range }) => {
    const [, from = 0, to = 0] = (/^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? []).map(Number)
    if (kind === 'cdn') sent += to - from + 1
    return null
  }
  await daemon.launch()
  const pull = await ended(daemon, 'one')
  expect(pull).toMatchObject({ phase: 'done', bytes_received: content.length })
  expect(new Uint8Array(readFileSync(models(daemon, 'acme--tiny-GGUF', q4)))).toEqual(content)
  expect(sent).toBeGreaterThan(0)
  expect(sent).toBeLessThan(content.length)
})

test('cancel keeps what was received, gc lists it, and --discard removes it', async () => {
  const { hub, daemon } = await setUp({ size: 'large' })
  hub.behave = ({ kind }) => (kind === 'cdn' ? { bytesPerSecond: 2_000_000 } : null)
  await daemon.must('POST', '/api/models/one/pull', { repo, file: q4 })
  await pullOnce(daemon, 'one', ({ bytes_received }) => bytes_received > 0)
  expect((await runHal0(['model', 'pull', '--cancel', 'one'], { env: daemon.env })).code).toBe(0)
  expect((await ended(daemon, 'one')).phase).toBe('cancelled')
  const listed = await runHal0(['model', 'gc', '--json'], { env: daemon.env })
  expect(JSON.parse(listed.stdout)).toMatchObject([{ id: 'one', active: false }])
  await runHal0(['model', 'pull', '--cancel', 'one', '--discard'], { env: daemon.env })
  expect(existsSync(models(daemon, '.pull-one'))).toBe(false)
  expect((await daemon.call('GET', '/api/models/one')).status).toBe(404)
})

test('a gated repository without a token says where to request access, and nothing is left', async () => {
  const { daemon } = await setUp({ gated: true })
  await daemon.must('POST', '/api/models/one/pull', { repo, file: q4 })
  const { phase, error } = await ended(daemon, 'one')
  expect([phase, error?.code]).toEqual(['failed', 'pull.gated'])
  expect(error?.message).toContain(`https://huggingface.co/${repo}`)
  expect((await daemon.call('GET', '/api/models/one')).status).toBe(404)
})

test('the token reaches the hub and nothing else: not the storage, no log, no answer, no file but its own', async () => {
  const { hub, daemon } = await setUp({ gated: true })
  writeFileSync(join(daemon.root, 'etc/hal0/hf-token'), `${token}\n`, { mode: 0o600 })
  await daemon.must('POST', '/api/models/one/pull', { repo, file: q4 })
  expect((await ended(daemon, 'one')).phase).toBe('done')
  const withToken = hub.log.filter(({ headers }) => (headers.get('authorization') ?? '').includes(token))
  expect(withToken.length).toBeGreaterThan(0)
  expect(withToken.filter(({ server }) => server !== 'hub')).toEqual([])
  const told = JSON.stringify([await daemon.must('GET', '/api/pulls'), await daemon.status()]) + daemon.stderr
  expect(told).not.toContain(token)
  expect(readFileSync(`/proc/${daemon.pid}/cmdline`, 'utf8')).not.toContain(token)
})

test('search and a repository are shown with what can be pulled', async () => {
  const { daemon } = await setUp()
  const { stdout } = await runHal0(['model', 'search', 'tiny', '--json'], { env: daemon.env })
  expect(JSON.parse(stdout)).toMatchObject([{ repo, downloads: 7 }])
  const found = await daemon.must<{ models: { id: string; quantization: string }[]; mmproj: unknown[] }>(
    'GET',
    `/api/hub/models/${repo}`,
  )
  expect(found.models.map(({ id, quantization }) => [id, quantization])).toEqual([
    ['tiny-q4_k_m', 'Q4_K_M'],
    ['tiny-q8_0', 'Q8_0'],
  ])
  expect(found.mmproj).toHaveLength(1)
})

test('model outdated reports what differs at the hub, and changes nothing', async () => {
  const { hub, daemon, content } = await setUp()
  for (const quantization of ['Q4_K_M', 'Q8_0']) {
    expect((await runHal0(['model', 'pull', `${repo}:${quantization}`], { env: daemon.env })).code).toBe(0)
  }
  const changed = new Uint8Array([...content, 0])
  hub.repos.get(repo)?.commit([
    { path: q4, content },
    { path: 'tiny-Q8_0.gguf', content: changed },
  ])
  const { stdout } = await runHal0(['model', 'outdated', '--json'], { env: daemon.env })
  expect(JSON.parse(stdout)).toMatchObject([
    { id: 'tiny-q4_k_m', outdated: false, files: [], problem: null },
    { id: 'tiny-q8_0', outdated: true, files: ['tiny-Q8_0.gguf'], problem: null },
  ])
  const verified = await runHal0(['model', 'verify'], { env: daemon.env })
  expect(verified.code).toBe(0)
})

test('a hub that cannot be reached is reported, and installed models keep working', async () => {
  const { hub, daemon } = await setUp()
  expect((await runHal0(['model', 'pull', `${repo}:Q4_K_M`], { env: daemon.env })).code).toBe(0)
  await hub.stop()
  const { code, stderr } = await runHal0(['model', 'pull', `${repo}:Q8_0`], { env: daemon.env })
  expect(code).toBe(1)
  expect(stderr).toContain(new URL(hub.url).origin)
  expect(await daemon.must('GET', '/api/models/tiny-q4_k_m')).toMatchObject({ id: 'tiny-q4_k_m' })
})

testWith('python3 on PATH', Bun.which('python3') !== null)(
  'a slot that is swapped to a missing model pulls it, shows its progress, and answers with it',
  async () => {
    const { hub, daemon, content } = await setUp({ size: 'large' })
    hub.behave = ({ kind }) => (kind === 'cdn' ? { bytesPerSecond: 6_000_000 } : null)
    await daemon.must('POST', '/api/slots', { name: 'primary', engine: await realEngine() })
    const watch = await SlotWatch.open(daemon)
    const swap = runHal0(['slot', 'swap', 'primary', '--model', 'one', '--repo', repo, '--file', ':Q4_K_M'], {
      env: daemon.env,
    })
    await pullOnce(daemon, 'one', ({ bytes_received }) => bytes_received > 0)
    const refused = await daemon.chat()
    expect(errorOf(refused)).toMatchObject({
      code: 'slot.pulling',
      details: { model: 'one', pull: { bytes_total: content.length } },
    })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    const { code, stderr } = await swap
    expect(code).toBe(0)
    expect(stderr).toContain('primary: pulling')
    expect((await daemon.chat()).status).toBe(200)
    await watch.untilState('serving')
    expect(watch.states('primary').slice(0, 6)).toEqual([
      'offline',
      'pulling',
      'starting',
      'warming',
      'ready',
      'serving',
    ])
  },
)

test('cancelling the load of one slot leaves the pull to whoever else wants it, and the last to leave ends it', async () => {
  const { daemon, hub } = await setUp({ size: 'large' })
  hub.behave = ({ kind }) => (kind === 'cdn' ? { bytesPerSecond: 500_000 } : null)
  const phase = async () => (await daemon.must<Pull>('GET', '/api/models/one/pull')).phase
  for (const name of ['first', 'second']) {
    await daemon.must('POST', '/api/slots', { name })
    await daemon.must('POST', `/api/slots/${name}/swap`, { model: 'one', repo, file: q4 })
  }
  await pullOnce(daemon, 'one', ({ bytes_received }) => bytes_received > 0)
  const slot = (name: string, verb: string) => daemon.must('POST', `/api/slots/${name}/${verb}?wait=10`, {})
  await slot('first', 'cancel')
  expect([await phase(), (await daemon.must<Slot>('GET', '/api/slots/second')).state.state]).toEqual([
    'downloading',
    'pulling',
  ])
  // A person requests it as well, and keeps it.
  await daemon.must('POST', '/api/models/one/pull', { repo, file: q4 })
  await slot('second', 'cancel')
  expect(await phase()).toBe('downloading')
  await daemon.must('DELETE', '/api/models/one/pull?discard=true')
  await daemon.must('POST', '/api/slots/second/load', {})
  await pullOnce(daemon, 'one', ({ phase: now }) => now === 'downloading')
  await slot('second', 'cancel')
  expect((await ended(daemon, 'one')).phase).toBe('cancelled')
})

test('a pull runs in a thread of lower priority than the one that answers, and the thread ends with it', async () => {
  const { daemon, hub } = await setUp({ size: 'large' })
  hub.behave = ({ kind }) => (kind === 'cdn' ? { bytesPerSecond: 2_000_000 } : null)
  /** Threads with that name, each with its nice value. */
  const nices = (name: string): number[] =>
    readdirSync(`/proc/${daemon.pid}/task`).flatMap((task) => {
      try {
        const stat = readFileSync(`/proc/${daemon.pid}/task/${task}/stat`, 'utf8')
        const isOfName = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')) === name
        return isOfName ? [Number(statFields(stat)?.(19))] : []
      } catch {
        // It has ended since the folder was listed.
        return []
      }
    })
  // The thread of the log.
  const others = nices('Worker')
  expect(others).toEqual([0])
  await daemon.must('POST', '/api/models/one/pull', { repo, file: q4 })
  await pullOnce(daemon, 'one', ({ bytes_received }) => bytes_received > 0)
  expect({ api: nices('hal0'), download: nices('Worker') }).toEqual({ api: [0], download: [...others, 10] })
  await daemon.must('DELETE', '/api/models/one/pull')
  await until('the thread is gone', () => nices('Worker').length === others.length)
})
