import { expect, test } from 'bun:test'
import { describeProgress } from '../../../src/cli/slot/shared/progress.ts'
import { EventFeed, FakeApi } from '../support/fake-api.ts'
import { Running } from '../support/run-cli.ts'
import { record, slot } from '../support/samples.ts'

const figures = {
  bytes_total: 4_700_000_000,
  bytes_received: 1_200_000_000,
  throughput_bps: 41_000_000,
  elapsed_s: 29,
  eta_s: 85,
  file: 'a.gguf',
  phase: 'downloading',
} as const

test('progress reads like a person would say it', () => {
  const warming = { name: 'a', state: 'warming', elapsed_s: 12.3, expected_s: 30, pull: null } as const
  expect(describeProgress(warming)).toBe('warming — 12 s of about 30 s')
  expect(describeProgress({ ...warming, expected_s: null })).toBe('warming — 12 s')
  const pulling = { ...warming, state: 'pulling', pull: figures } as const
  expect(describeProgress(pulling)).toBe('pulling — 1.2 GB of 4.7 GB, 41 MB/s, about 85 s left')
  const verifying = { ...figures, bytes_total: null, throughput_bps: null, eta_s: null, phase: 'verifying' } as const
  expect(describeProgress({ ...pulling, pull: verifying })).toBe('pulling — verifying, 1.2 GB')
})

/** A slot whose load ends when the test says so. */
class SlowLoad implements Disposable {
  readonly feed = new EventFeed()
  readonly asked = Promise.withResolvers<void>()
  readonly done = Promise.withResolvers<void>()
  readonly api = new FakeApi(
    {
      loadSlot: async () => {
        this.asked.resolve()
        await this.done.promise
        return slot('primary', 'ready')
      },
    },
    { 'GET /api/slots/events': this.feed.respond },
  );
  [Symbol.dispose](): void {
    this.api[Symbol.dispose]()
  }
}

test('a load shows its steps on stderr as plain lines, and the result on stdout', async () => {
  using load = new SlowLoad()
  using running = new Running(['slot', 'load', 'primary'], { url: load.api.url })
  await load.asked.promise
  load.feed.send('slot', record('other', 'warming'), 1)
  load.feed.send('slot', record('primary', 'starting'), 2)
  for (let elapsed_s = 0; elapsed_s < 5; elapsed_s++) {
    load.feed.send('progress', { name: 'primary', state: 'warming', elapsed_s, expected_s: 30, pull: null })
  }
  await running.said('warming')
  load.done.resolve()
  expect(await running.outcome).toEqual({
    code: 0,
    stdout: 'primary is ready with tiny.\n',
    stderr: 'primary: starting\nprimary: warming — 0.0 s of about 30 s\n',
  })
})

test('events that this version does not know do no harm', async () => {
  using load = new SlowLoad()
  using running = new Running(['slot', 'load', 'primary', '--json'], { url: load.api.url })
  await load.asked.promise
  load.feed.raw('event: slot\ndata: {"name":"primary"}\n\nevent: progress\ndata: {{{\n\nevent: moon\ndata: 1\n\n')
  load.feed.send('slot', record('primary', 'warming'), 2)
  await running.said('warming')
  load.feed.close()
  load.done.resolve()
  const { code, stdout } = await running.outcome
  expect(code).toBe(0)
  expect(JSON.parse(stdout).config.name).toBe('primary')
})

test('Ctrl-C while waiting leaves the load running, says how to cancel it, and ends with 130', async () => {
  using load = new SlowLoad()
  using running = new Running(['slot', 'load', 'primary'], { url: load.api.url })
  await load.asked.promise
  running.interrupt()
  const { code, stdout, stderr } = await running.outcome
  expect({ code, stdout }).toEqual({ code: 130, stdout: '' })
  expect(stderr).toContain('primary keeps loading')
  expect(stderr).toContain('hal0 slot cancel primary')
  expect(load.api.calls.map(({ operation }) => operation)).toEqual(['loadSlot'])
})

test('a daemon without an event stream still loads', async () => {
  using api = new FakeApi({ loadSlot: () => slot('primary', 'ready') })
  using running = new Running(['slot', 'load', 'primary'], { url: api.url })
  expect(await running.outcome).toEqual({ code: 0, stdout: 'primary is ready with tiny.\n', stderr: '' })
})
