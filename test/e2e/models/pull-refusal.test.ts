/** A pull refuses what an import refuses, before it downloads the rest: the compiled binary and the stand-in hub. */
import { expect, onTestFinished, setDefaultTimeout, test } from 'bun:test'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Pull } from '../../../src/contract/models/pull.ts'
import { gguf, stringEntry, tensor, u16Entry, u32Entry } from '../../models/gguf/gguf-bytes.ts'
import { Daemon, errorOf } from '../../support/daemon.ts'
import { FakeHub } from '../../support/fake-hub/fake-hub.ts'
import { tempDir } from '../../support/temp-dir.ts'

setDefaultTimeout(60_000)

const repo = 'acme/odd-GGUF'
const bodyBytes = 40_000_000
const architecture = stringEntry('general.architecture', 'llama')
const made = (type: number, ...entries: Buffer[]): Buffer =>
  gguf({ entries: [architecture, ...entries], tensors: [tensor('a', [bodyBytes / 4], type, 0)], data: bodyBytes })

const refused: Record<string, Buffer> = {
  'adapter.gguf': made(0, stringEntry('general.type', 'adapter')),
  'matrix.gguf': made(0, stringEntry('general.type', 'imatrix')),
  'shard.gguf': made(0, u16Entry('split.no', 0), u16Entry('split.count', 3)),
  'vocabulary.gguf': gguf({ entries: [architecture], data: bodyBytes }),
  'pictures.gguf': gguf({ entries: [stringEntry('general.architecture', 'sdxl')], data: bodyBytes }),
  'page.gguf': Buffer.from(`<!DOCTYPE html>${' '.repeat(bodyBytes)}`),
}
const accepted: Record<string, Buffer> = { 'future.gguf': made(399, u32Entry('general.file_type', 4711)) }

const setUp = async () => {
  const files = Object.entries({ ...refused, ...accepted }).map(([path, content]) => ({ path, content }))
  const hub = await FakeHub.start({ repos: [{ id: repo, files }] })
  onTestFinished(() => hub.stop())
  const daemon = await Daemon.start({
    env: { HF_ENDPOINT: hub.url, HOME: '/nonexistent', HF_HOME: '/nonexistent', NO_PROXY: '127.0.0.1' },
  })
  /** Bytes that were requested from the storage. */
  const asked = () =>
    hub.log
      .filter(({ server }) => server === 'cdn')
      .map(({ headers }) => /^bytes=(\d+)-(\d+)$/.exec(headers.get('range') ?? ''))
      .reduce((sum, range) => sum + (range === null ? bodyBytes : Number(range[2]) - Number(range[1]) + 1), 0)
  return { hub, daemon, asked }
}
const ended = async (daemon: Daemon, id: string): Promise<Pull> => {
  const end = performance.now() + 30_000
  for (;;) {
    const pull = await daemon.must<Pull>('GET', `/api/models/${id}/pull`)
    if (['done', 'failed', 'cancelled'].includes(pull.phase)) return pull
    if (performance.now() > end) throw new Error(`the pull of ${id} stands still: ${JSON.stringify(pull)}`)
    await Bun.sleep(20)
  }
}

test('a pull refuses what an import refuses, with the same code and words, after its first megabytes, and keeps nothing', async () => {
  const { hub, daemon, asked } = await setUp()
  const folder = tempDir()
  for (const [file, content] of Object.entries(refused)) {
    writeFileSync(join(folder, file), content)
    const imported = errorOf(await daemon.call('POST', '/api/models', { path: join(folder, file) }))
    hub.log.length = 0
    await daemon.must('POST', '/api/models/odd/pull', { repo, file })
    const { phase, error } = await ended(daemon, 'odd')
    expect([file, phase, error?.code, error?.message]).toEqual([
      file,
      'failed',
      imported.code,
      imported.message.replace(`${folder}/`, ''),
    ])
    expect(asked()).toBeLessThanOrEqual(4_000_000)
    expect(existsSync(join(daemon.root, 'var/lib/hal0/models/.pull-odd'))).toBe(false)
    expect((await daemon.call('GET', '/api/models/odd')).status).toBe(404)
  }
})

test('types that hal0 does not know are not refused, by an import or by a pull, and are not given a wrong name', async () => {
  const { daemon } = await setUp()
  await daemon.must('POST', '/api/models/odd/pull', { repo, file: 'future.gguf' })
  expect((await ended(daemon, 'odd')).error).toBeNull()
  expect(await daemon.must('GET', '/api/models/odd')).toMatchObject({ quantization: null, parameters: bodyBytes / 4 })
})
