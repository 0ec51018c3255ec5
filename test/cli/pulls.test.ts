import { expect, test } from 'bun:test'
import type { Pull } from '../../src/contract/models/pull.ts'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import { EventFeed, FakeApi } from './support/fake-api.ts'
import { hal0, Running } from './support/run-cli.ts'
import { acceptedPull } from './support/samples.ts'

const pull = (id: string, changes: Partial<Pull> = {}): Pull => ({
  ...acceptedPull(id, { repo: 'owner/name', file: `${id}.gguf` }),
  ...changes,
})

test('lists the pulls with their figures, and why one has failed', async () => {
  using api = new FakeApi({
    listPulls: () => [
      pull('big', { phase: 'downloading', bytes_received: 1e9, bytes_total: 4e9, throughput_bps: 5e7, eta_s: 60 }),
      pull('next', { position: 1 }),
      pull('torn', { phase: 'failed', error: new Hal0Error('pull.network', 'The hub went away.').body() }),
    ],
  })
  const { code, stdout, stderr } = await hal0(['pulls'], { url: api.url })
  expect(code).toBe(0)
  expect(stdout).toMatch(/^big +downloading +25 % +1\.0 GB of 4\.0 GB +50 MB\/s +60 s$/m)
  expect(stdout).toMatch(/^next +waiting, 1 in the queue +/m)
  expect(stderr).toBe('torn: The hub went away.\n')
  expect(JSON.parse((await hal0(['pulls', '--json'], { url: api.url })).stdout)).toHaveLength(3)
})

test('without any pull --json is an empty list', async () => {
  using api = new FakeApi({ listPulls: () => [] })
  expect((await hal0(['pulls', '--json'], { url: api.url })).stdout).toBe('[]\n')
  expect(await hal0(['pulls'], { url: api.url })).toMatchObject({ code: 0, stdout: '' })
})

test('--watch prints a line for each new phase until it is interrupted', async () => {
  const feed = new EventFeed()
  using api = new FakeApi({}, { 'GET /api/pulls/events': feed.respond })
  const opened = feed.opened.promise
  using watching = new Running(['pulls', '--watch'], { url: api.url })
  await opened
  feed.send('pull', pull('big', { phase: 'downloading' }), 1)
  feed.send('pull', pull('big', { phase: 'downloading', bytes_received: 5 }), 2)
  feed.send('pull', pull('big', { phase: 'done' }), 3)
  await watching.printed('done')
  watching.interrupt()
  const lines = (await watching.outcome).stdout.trim().split('\n')
  expect(lines.map((line) => line.trim().split(/\s+/))).toEqual([
    ['big', 'downloading'],
    ['big', 'done'],
  ])
})
