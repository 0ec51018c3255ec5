/** An id never names other bytes than those that it states: pulls, swaps and loads under a taken id, with the compiled binary. */
import { expect, onTestFinished, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Model, ModelEntry } from '../../../src/contract/models/model.ts'
import type { Pull, PullLeftover } from '../../../src/contract/models/pull.ts'
import type { Slot } from '../../../src/contract/slot-config.ts'
import { modelCalled, sha256 } from '../../models/registry/received.ts'
import { Daemon, errorOf, runHal0 } from '../../support/daemon.ts'
import { FakeHub } from '../../support/fake-hub/fake-hub.ts'
import type { FakeRepository } from '../../support/fake-hub/fake-repository.ts'
import { writePlumbingModel } from '../../support/plumbing/plumbing-model.ts'
import { makeStandIn } from '../../support/stand-in-llama.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { until } from '../../support/until.ts'

setDefaultTimeout(60_000)

const repo = 'acme/tiny-GGUF'
const q4 = 'tiny-Q4_K_M.gguf'
const q8 = 'tiny-Q8_0.gguf'

/** A model that loads, of its own weights for each seed. */
const weights = async (seed: number): Promise<Uint8Array> => {
  const folder = mkdtempSync(join(tmpdir(), 'hal0-test-'))
  try {
    const path = join(folder, `${seed}.gguf`)
    await writePlumbingModel(path, { seed, kind: 'chat' })
    return new Uint8Array(readFileSync(path))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const [first, second, third] = [await weights(1), await weights(2), await weights(3)]

const entryOf = ({ fit: _, ...entry }: Model): ModelEntry => entry

class World {
  readonly hub: FakeHub
  readonly daemon: Daemon
  readonly files: FakeRepository

  constructor(hub: FakeHub, daemon: Daemon, files: FakeRepository) {
    this.hub = hub
    this.daemon = daemon
    this.files = files
  }

  /** Files `tiny-Q4_K_M.gguf` (of the first weights), `tiny-Q8_0.gguf` (of the third) and a projector at the hub. */
  static async start(): Promise<World> {
    const files = World.#filesWith(first)
    const hub = await FakeHub.start({ repos: [{ id: repo, files }] })
    onTestFinished(() => hub.stop())
    const daemon = await Daemon.start({
      env: { HF_ENDPOINT: hub.url, HOME: '/nonexistent', HF_HOME: '/nonexistent', NO_PROXY: '127.0.0.1' },
    })
    const repository = hub.repos.get(repo)
    if (repository === undefined) throw new Error('there is no such repository')
    return new World(hub, daemon, repository)
  }

  static #filesWith(content: Uint8Array) {
    const projector = modelCalled(`eyes of ${sha256(content)}`, 'clip')
    return [
      { path: q4, content },
      { path: q8, content: third },
      { path: 'mmproj-F16.gguf', content: projector },
    ]
  }

  /** `main` gets another q4 and another projector. */
  move(content = second): string {
    return this.files.commit(World.#filesWith(content))
  }

  models(...rest: string[]): string {
    return join(this.daemon.root, 'var/lib/hal0/models', ...rest)
  }

  fileOf({ files }: ModelEntry): Uint8Array {
    return new Uint8Array(readFileSync(this.models(files[0]?.path ?? '')))
  }

  /** Without its fit, which changes with the machine's memory. */
  async entry(id: string): Promise<ModelEntry> {
    return entryOf(await this.daemon.must<Model>('GET', `/api/models/${id}`))
  }

  ask(id: string, body: Record<string, unknown> = {}) {
    return this.daemon.call<Pull>('POST', `/api/models/${id}/pull`, { repo, file: q4, ...body })
  }

  async ended(id: string): Promise<Pull> {
    const end = performance.now() + 30_000
    for (;;) {
      const pull = await this.daemon.must<Pull>('GET', `/api/models/${id}/pull`)
      if (['done', 'failed', 'cancelled'].includes(pull.phase)) return pull
      if (performance.now() > end) throw new Error(`the pull of ${id} stands still`)
      await Bun.sleep(20)
    }
  }

  async pull(id: string, body: Record<string, unknown> = {}): Promise<ModelEntry> {
    expect(await this.ask(id, body)).toMatchObject({ status: 202 })
    expect(await this.ended(id)).toMatchObject({ phase: 'done', error: null })
    return await this.entry(id)
  }

  async verified(): Promise<Record<string, boolean>> {
    const { stdout } = await runHal0(['model', 'verify', '--json'], { env: this.daemon.env })
    const verdicts = JSON.parse(stdout) as { id: string; ok: boolean }[]
    return Object.fromEntries(verdicts.map(({ id, ok }) => [id, ok]))
  }

  async slotWith(model: string): Promise<void> {
    const engine = makeStandIn(join(this.daemon.root, 'engine'), {})
    await this.daemon.must('POST', '/api/slots', { name: 'primary', engine, model })
    await this.daemon.must('POST', '/api/slots/primary/load?wait=20', {})
  }

  /** What the slot's backend was started with. */
  async running(): Promise<string> {
    const { state } = await this.daemon.must<Slot>('GET', '/api/slots/primary')
    const args = readFileSync(`/proc/${state.pid}/cmdline`, 'utf8').split('\0')
    return args.find((arg) => arg.endsWith('.gguf')) ?? ''
  }

  async runningWeights(): Promise<Uint8Array> {
    return new Uint8Array(readFileSync(await this.running()))
  }

  leftovers(): Promise<PullLeftover[]> {
    return this.daemon.must('GET', '/api/pulls/leftovers')
  }
}

test('when main moves and is pulled as another id, the first keeps its file, its slot keeps its weights, and both are verified', async () => {
  const world = await World.start()
  const a = await world.pull('a')
  await world.slotWith('a')
  world.move()
  const b = await world.pull('b')
  await world.daemon.must('POST', '/api/slots/primary/restart?wait=20', {})
  expect(await world.runningWeights()).toEqual(first)
  expect(await world.entry('a')).toEqual(a)
  expect(world.fileOf(a)).toEqual(first)
  expect(world.fileOf(b)).toEqual(second)
  expect(await world.verified()).toEqual({ a: true, b: true })
  // As people look for it: beside its checksums.
  for (const { files } of [a, b]) {
    const path = world.models(files[0]?.path ?? '')
    const sums = Bun.spawnSync(['sha256sum', '-c', `${q4}.sha256`], { cwd: path.slice(0, -q4.length) })
    expect(sums.exitCode).toBe(0)
  }
  expect(a.files[0]?.path).toBe(`acme--tiny-GGUF/${q4}`)
})

test('another named revision is another source, too, and the id knows its commit and how it was requested', async () => {
  const world = await World.start()
  const old = world.files.resolve('main') ?? ''
  world.move()
  await world.pull('now')
  const earlier = await world.pull('earlier', { revision: old })
  expect(earlier.source).toEqual({ repo, revision: old, files: [q4], ref: old })
  expect(await world.verified()).toEqual({ earlier: true, now: true })
})

test('a taken id is refused for any other file, revision, projector or repository, with what it names and the ways out', async () => {
  const world = await World.start()
  world.hub.add({ id: 'other/tiny-GGUF', files: [{ path: q4, content: first }] })
  const old = world.files.resolve('main') ?? ''
  const moved = world.move()
  const entry = await world.pull('a')
  for (const body of [{ file: q8 }, { revision: old }, { mmproj: true }, { repo: 'other/tiny-GGUF' }]) {
    const error = errorOf(await world.ask('a', body))
    expect([body, error.code]).toEqual([body, 'model.exists'])
    expect(error.message).toContain(`The id a names ${q4} of ${repo} at ${moved.slice(0, 12)}`)
    expect(error.message).toContain('--id OTHER')
    expect(error.message).toContain('--replace')
    expect(error.details).toMatchObject({ id: 'a', here: { repo, revision: moved, files: [q4] } })
  }
  // The same, however it is requested.
  for (const body of [{}, { revision: 'main' }, { revision: moved }, { file: ':Q4_K_M' }, { replace: true }]) {
    expect(await world.ask('a', body)).toMatchObject({ status: 202, body: { phase: 'done' } })
  }
  expect(await world.entry('a')).toEqual(entry)
})

test('after main has moved, the id is refused with the way to follow it, and done if these files are unchanged', async () => {
  const world = await World.start()
  const entry = await world.pull('a')
  const readme = { path: 'README.md', content: new TextEncoder().encode('# tiny\n') }
  world.files.commit([{ path: q4, content: first }, readme])
  expect(await world.ask('a')).toMatchObject({ status: 202, body: { phase: 'done', revision: entry.source?.revision } })
  world.move()
  const { code, stderr } = await runHal0(['model', 'pull', repo, '--file', q4, '--id', 'a'], { env: world.daemon.env })
  expect([code, stderr]).toEqual([1, expect.stringContaining('hal0 model update a')])
  expect(world.fileOf(await world.entry('a'))).toEqual(first)
})

test('swap --repo to a taken id of something else is refused and changes nothing; to the same model it loads it', async () => {
  const world = await World.start()
  await world.pull('a')
  await world.slotWith('a')
  const other = await world.daemon.call('POST', '/api/slots/primary/swap', { model: 'a', repo, file: q8 })
  expect(errorOf(other).code).toBe('model.exists')
  expect(await world.daemon.state()).toMatchObject({ state: 'ready', model: 'a' })
  await world.hub.stop()
  await world.daemon.must('POST', '/api/slots/primary/swap?wait=20', { model: 'a', repo: 'ACME/tiny-gguf', file: q4 })
  expect(await world.daemon.state()).toMatchObject({ state: 'ready', model: 'a' })
})

test('a file that was deleted, cut, changed at the same size or lost its checksum is fetched again, at the commit of its id, by the load of a slot too', async () => {
  const world = await World.start()
  const entry = await world.pull('a')
  const path = world.models(entry.files[0]?.path ?? '')
  const damages = [
    () => rmSync(path),
    () => truncateSync(path, 100),
    () => writeFileSync(path, first.toReversed()),
    () => rmSync(`${path}.sha256`),
  ]
  for (const damage of damages) {
    damage()
    expect((await world.pull('a')).files).toEqual(entry.files)
    expect(await world.verified()).toEqual({ a: true })
  }
  // Written again with the same bytes: they are hashed, not fetched, and count as verified from then on.
  writeFileSync(path, first)
  const sent = () => world.hub.log.filter(({ server }) => server === 'cdn').length
  const before = sent()
  for (let turn = 0; turn < 2; turn += 1) await world.pull('a')
  expect(sent()).toBe(before)
  world.move()
  rmSync(path)
  await world.slotWith('a')
  expect(await world.runningWeights()).toEqual(first)
  const { created_at: _, ...made } = await world.entry('a')
  expect(entry).toMatchObject(made)
  // A running backend is not stopped for it.
  rmSync(path)
  expect(errorOf(await world.daemon.call('POST', '/api/slots/primary/restart', {})).code).toBe('slot.no_model')
  expect((await world.daemon.state()).state).toBe('ready')
  await world.daemon.must('POST', '/api/slots/primary/unload?wait=20', {})
  await world.daemon.must('POST', '/api/slots/primary/load?wait=20', {})
  expect(await world.verified()).toEqual({ a: true })
  expect(await world.leftovers()).toEqual([])
})

test('a repository that was renamed, or is written in another case, is the same one', async () => {
  const world = await World.start()
  const entry = await world.pull('a')
  expect(await world.ask('a', { repo: 'Acme/TINY-gguf' })).toMatchObject({ status: 202, body: { phase: 'done' } })
  const { files } = world
  world.hub.repos.delete(repo)
  Object.assign(files, { id: 'acme/small-GGUF' })
  files.oldIds.push(repo)
  world.hub.repos.set(files.id, files)
  for (const name of [repo, 'acme/small-GGUF', 'ACME/small-gguf']) {
    expect(await world.ask('a', { repo: name })).toMatchObject({ status: 202, body: { phase: 'done' } })
  }
  expect(await world.entry('a')).toEqual(entry)
  expect(readdirSync(world.models()).filter((name) => !name.startsWith('.') && !name.endsWith('.json'))).toEqual([
    'acme--tiny-GGUF',
  ])
})

test('without the hub, installed models count for the names that they have, and for nothing else', async () => {
  const world = await World.start()
  await world.pull('a')
  await world.hub.stop()
  for (const body of [{}, { revision: 'main' }, { file: ':Q4_K_M' }]) {
    expect(await world.ask('a', body)).toMatchObject({ status: 202, body: { phase: 'done' } })
  }
  expect(errorOf(await world.ask('a', { file: q8 })).code).toBe('model.exists')
  expect(errorOf(await world.ask('a', { revision: 'v2' })).code).toBe('pull.network')
})

test('without the hub, the command line finds what is installed, by repository, label, file and revision, and nothing else', async () => {
  const world = await World.start()
  const commit = world.files.resolve('main') ?? ''
  const pull = (...args: string[]) => runHal0(['model', 'pull', ...args], { env: world.daemon.env })
  expect((await pull(repo)).code).toBe(0)
  expect((await pull(repo, '--file', q8, '--id', 'eight', '--revision', commit)).code).toBe(0)
  await world.hub.stop()
  const here: [string, string[]][] = [
    ['tiny-q4_k_m', [repo]],
    ['tiny-q4_k_m', ['ACME/tiny-gguf:Q4_K_M']],
    ['tiny-q4_k_m', [`${repo}/${q4}`]],
    ['tiny-q4_k_m', [repo, '--revision', commit]],
    ['eight', [`${repo}:Q8_0`, '--revision', commit]],
  ]
  for (const [id, args] of here) {
    const { code, stdout, stderr } = await pull(...args)
    expect([args, code, stdout]).toEqual([args, 0, expect.stringContaining(`${id} is here and verified.`)])
    expect(stderr).toContain('could not be reached')
  }
  expect((await pull(repo, '--id', 'twin')).code).toBe(0)
  expect(await world.verified()).toEqual({ 'tiny-q4_k_m': true, eight: true, twin: true })
  for (const args of [
    [`${repo}:Q5_K_M`],
    [`${repo}:Q8_0`],
    [repo, '--mmproj'],
    [repo, '--revision', 'v2'],
    ['acme/other'],
  ]) {
    const { code, stderr } = await pull(...args)
    expect([args, code, stderr]).toEqual([args, 1, expect.stringContaining('could not be reached')])
  }
  rmSync(world.models((await world.entry('tiny-q4_k_m')).files[0]?.path ?? ''))
  expect((await pull(repo)).code).toBe(1)
})

test('--replace pulls the new one first; the slot keeps the old one, whose files are removed when it is unloaded', async () => {
  const world = await World.start()
  const old = await world.pull('a', { mmproj: true })
  await world.slotWith('a')
  world.move()
  const before = await world.running()
  const { code, stderr } = await runHal0(['model', 'pull', repo, '--file', q4, '--id', 'a', '--mmproj', '--replace'], {
    env: world.daemon.env,
  })
  expect([code, stderr]).toEqual([0, expect.any(String)])
  const now = await world.entry('a')
  expect(world.fileOf(now)).toEqual(second)
  expect(now.source?.mmproj?.id).toBe('a-mmproj')
  expect((await world.entry('a-mmproj')).source?.revision).toBe(now.source?.revision ?? '')
  expect(await world.verified()).toEqual({ a: true, 'a-mmproj': true })
  expect(await world.running()).toBe(before)
  expect(world.fileOf(old)).toEqual(first)
  const listed = await runHal0(['model', 'gc'], { env: world.daemon.env })
  expect(listed.stdout).toContain('a slot still runs it')
  await world.daemon.restart()
  expect(existsSync(before)).toBe(true)
  await world.daemon.must('POST', '/api/slots/primary/restart?wait=20', {})
  expect(await world.runningWeights()).toEqual(second)
  await until('the old file is gone', () => !existsSync(before))
  expect(await world.leftovers()).toEqual([])
})

test('model update pulls what outdated reported, with its projector, and says so when the hub has nothing newer', async () => {
  const world = await World.start()
  await world.pull('a', { mmproj: true })
  const update = () => runHal0(['model', 'update', 'a'], { env: world.daemon.env })
  expect((await update()).stdout).toContain('the hub has nothing newer')
  const commit = world.move()
  const { stdout } = await runHal0(['model', 'outdated', '--json'], { env: world.daemon.env })
  expect(JSON.parse(stdout)).toMatchObject([
    { id: 'a', outdated: true },
    { id: 'a-mmproj', outdated: true },
  ])
  expect((await update()).stdout).toContain('up to date')
  const now = await world.entry('a')
  expect(now.source).toMatchObject({ revision: commit, files: [q4], mmproj: { id: 'a-mmproj' } })
  expect(world.fileOf(now)).toEqual(second)
  expect(await world.leftovers()).toEqual([])
  expect((await update()).stdout).toContain('the hub has nothing newer')
  const projector = errorOf(await world.daemon.call('POST', '/api/models/a-mmproj/update', {}))
  expect([projector.code, projector.message]).toEqual([
    'request.unsupported',
    expect.stringContaining('hal0 model update a'),
  ])
  await world.hub.stop()
  expect(errorOf(await world.daemon.call('POST', '/api/models/a/update', {})).code).toBe('pull.network')
})

test('model update follows a model that is now split into another number of shards, and no other quantisation', async () => {
  const world = await World.start()
  await world.pull('a')
  const shards = ['tiny-Q4_K_M-00001-of-00002.gguf', 'tiny-Q4_K_M-00002-of-00002.gguf']
  world.files.commit([...shards, q8].map((path) => ({ path, content: modelCalled(path) })))
  const update = () => runHal0(['model', 'update', 'a'], { env: world.daemon.env })
  expect(await update()).toMatchObject({ code: 0 })
  expect((await world.entry('a')).source?.files).toEqual(shards)
  expect(await world.verified()).toEqual({ a: true })
  world.files.commit([{ path: q8, content: third }])
  expect(await update()).toMatchObject({ code: 4, stderr: expect.stringContaining(shards[0] ?? '') })
  expect((await world.entry('a')).source?.files).toEqual(shards)
})

test('a file that another model already has is not fetched again', async () => {
  const world = await World.start()
  await world.pull('a')
  const sent = () => world.hub.log.filter(({ server }) => server === 'cdn').length
  const before = sent()
  const b = await world.pull('b')
  expect(sent()).toBe(before)
  expect(b.files).toEqual((await world.entry('a')).files)
  await world.daemon.must('DELETE', '/api/models/a')
  expect(await world.verified()).toEqual({ b: true })
})

test('an import of the id while it is pulled wins, and what was received is listed and can still be used', async () => {
  const world = await World.start()
  const path = join(tempDir(), 'mine.gguf')
  await Bun.write(path, third)
  const held = Promise.withResolvers<void>()
  world.hub.behave = ({ kind }) => {
    if (kind === 'cdn') held.resolve()
    return kind === 'cdn' ? { bytesPerSecond: 400_000 } : null
  }
  expect((await world.ask('a', { replace: true })).status).toBe(202)
  await held.promise
  const imported = await world.daemon.must<Model>('POST', '/api/models', { path, id: 'a' })
  world.hub.behave = () => null
  expect(await world.ended('a')).toMatchObject({ phase: 'failed', error: { code: 'model.exists' } })
  expect(await world.entry('a')).toEqual(entryOf(imported))
  expect(await world.leftovers()).toMatchObject([{ id: 'a', kind: 'pull', active: false }])
})
