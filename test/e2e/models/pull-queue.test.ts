/** Many pulls of the compiled binary, and its deaths between them. */
import { expect, onTestFinished, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Pull, PullLeftover } from '../../../src/contract/models/pull.ts'
import type { Slot } from '../../../src/contract/slot-config.ts'
import { Daemon, runHal0 } from '../../support/daemon.ts'
import { FakeHub } from '../../support/fake-hub/fake-hub.ts'
import { tinyModel } from '../../support/tiny-model.ts'

setDefaultTimeout(60_000)

const ids = ['a', 'b', 'c', 'd', 'e']
const requestOf = (id: string) => ({ repo: 'acme/many-GGUF', file: `${id}.gguf` })

/** A hub with a model for each id, and a daemon that asks it. */
const setUp = async () => {
  const content = new Uint8Array(await Bun.file(await tinyModel()).arrayBuffer())
  const files = ids.map((id) => ({ path: `${id}.gguf`, content }))
  const hub = await FakeHub.start({ repos: [{ id: 'acme/many-GGUF', files }] })
  onTestFinished(() => hub.stop())
  const daemon = await Daemon.start({
    env: { HF_ENDPOINT: hub.url, HOME: '/nonexistent', HF_HOME: '/nonexistent', NO_PROXY: '127.0.0.1' },
  })
  /** Files whose bytes were requested, each once, in that order. */
  const fetched = () => [
    ...new Set(hub.log.flatMap(({ target }) => /filename%3D%22(\w)\.gguf/.exec(target)?.[1] ?? [])),
  ]
  return {
    hub,
    daemon,
    fetched,
    hold: () => (hub.behave = ({ kind }) => (kind === 'cdn' ? { delayMs: 60_000 } : null)),
  }
}
const ask = (daemon: Daemon, id: string) => daemon.must<Pull>('POST', `/api/models/${id}/pull`, requestOf(id))
const list = async (daemon: Daemon) => (await daemon.must<Pull[]>('GET', '/api/pulls')).reverse()
const untilAll = async (daemon: Daemon, holds: (pulls: Pull[]) => boolean): Promise<Pull[]> => {
  const end = performance.now() + 30_000
  for (;;) {
    const pulls = await list(daemon)
    if (holds(pulls)) return pulls
    if (performance.now() > end) throw new Error(`the pulls stand still: ${JSON.stringify(pulls)}`)
    await Bun.sleep(20)
  }
}

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  test(`pulls that were accepted are all there after ${signal}, in their order, each with its request, and come`, async () => {
    const { hub, daemon, fetched, hold } = await setUp()
    hold()
    for (const id of ids.toReversed()) expect((await ask(daemon, id)).request).toEqual(requestOf(id))
    expect((await list(daemon)).map(({ id, position }) => [id, position])).toEqual([
      ['e', null],
      ['d', null],
      ['c', 1],
      ['b', 2],
      ['a', 3],
    ])
    await daemon.must('DELETE', '/api/models/b/pull')
    await daemon.kill(signal)
    hub.log.length = 0
    await daemon.launch()
    const after = await list(daemon)
    expect(after.map(({ id, request }) => [id, request])).toEqual(['e', 'd', 'c', 'a'].map((id) => [id, requestOf(id)]))
    hub.behave = () => null
    await daemon.restart()
    hub.log.length = 0
    await untilAll(daemon, (pulls) => pulls.every(({ phase }) => phase === 'done'))
    expect(fetched().filter((id) => id === 'b')).toEqual([])
    expect((await daemon.must<{ id: string }[]>('GET', '/api/models')).map(({ id }) => id)).toEqual([
      'a',
      'c',
      'd',
      'e',
    ])
    await daemon.restart()
    expect(await list(daemon)).toEqual([])
  })
}

test('a damaged record stops no other pull; status reports it, and gc lists and removes it', async () => {
  const { hub, daemon, hold } = await setUp()
  hold()
  await ask(daemon, 'a')
  await daemon.kill()
  const models = join(daemon.root, 'var/lib/hal0/models')
  writeFileSync(join(models, '.pull-b.json'), '{"id":')
  mkdirSync(join(models, '.pull-c.json'))
  expect(Bun.spawnSync(['mkfifo', join(models, '.pull-d.json')]).exitCode).toBe(0)
  hub.behave = () => null
  await daemon.launch()
  await untilAll(daemon, (pulls) => pulls.length === 1 && pulls[0]?.phase === 'done')
  expect((await daemon.status()).problems).toHaveLength(3)
  const leftovers = await daemon.must<PullLeftover[]>('GET', '/api/pulls/leftovers')
  expect(leftovers.map(({ id, kind }) => [id, kind])).toEqual(['b', 'c', 'd'].map((id) => [id, 'record']))
  const { stdout } = await runHal0(['model', 'gc', '--clear'], { env: daemon.env })
  expect(stdout).toContain('b  6 B  removed')
  expect((await daemon.status()).problems).toEqual([])
  await daemon.restart()
  expect((await daemon.status()).problems).toEqual([])
})

test('a pull that only a slot waits for is cancelled with its load after a restart as before it', async () => {
  const { daemon, hold } = await setUp()
  hold()
  for (const id of ['a', 'b']) {
    await daemon.must('POST', '/api/slots', { name: id })
    await daemon.must('POST', `/api/slots/${id}/swap`, { model: id, ...requestOf(id) })
    await untilAll(daemon, (pulls) => pulls.some((pull) => pull.id === id))
  }
  await ask(daemon, 'b')
  await daemon.restart()
  for (const id of ['a', 'b']) await daemon.must<Slot>('POST', `/api/slots/${id}/cancel?wait=10`, {})
  const pulls = await untilAll(daemon, ([first]) => first?.phase === 'cancelled')
  expect(pulls.map(({ id, phase }) => [id, phase === 'cancelled'])).toEqual([
    ['a', true],
    ['b', false],
  ])
})
