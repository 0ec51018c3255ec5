import { describe, expect, onTestFinished, test } from 'bun:test'
import type { ModelVerification, VerificationProgress } from '../../../src/contract/models/model.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { EventFeed, FakeApi } from '../support/fake-api.ts'
import { Running } from '../support/run-cli.ts'
import { model } from '../support/samples.ts'
import { noTerminal, Terminal } from '../support/terminal.ts'

const verdict = (id: string): ModelVerification => ({
  id,
  ok: true,
  files: [{ path: `${id}/1.gguf`, ok: true, expected: 'a'.repeat(64), actual: 'a'.repeat(64), problem: null }],
})

const figures = (id: string, changes: Partial<VerificationProgress> = {}): VerificationProgress => ({
  id,
  file: `${id}/1.gguf`,
  bytes_total: 4_000_000_000,
  bytes_done: 0,
  throughput_bps: null,
  eta_s: null,
  ...changes,
})

/** Two models whose verifications end when the test says so. */
const slowVerifications = () => {
  const feeds: Record<string, EventFeed> = { first: new EventFeed(), second: new EventFeed() }
  const feed = (id: string) => feeds[id] as EventFeed
  const asked: Record<string, PromiseWithResolvers<void>> = {}
  const done: Record<string, PromiseWithResolvers<void>> = {}
  for (const id of ['first', 'second']) {
    asked[id] = Promise.withResolvers()
    done[id] = Promise.withResolvers()
  }
  const api = new FakeApi(
    {
      listModels: () => [model('first'), model('second')],
      verifyModel: async ({ params: { id = '' } }) => {
        asked[id]?.resolve()
        await done[id]?.promise
        return verdict(id)
      },
    },
    {
      'GET /api/models/first/verify/events': feed('first').respond,
      'GET /api/models/second/verify/events': feed('second').respond,
    },
  )
  onTestFinished(() => api[Symbol.dispose]())
  return { api, feed, asked: (id: string) => asked[id]?.promise, end: (id: string) => done[id]?.resolve() }
}

test('without a terminal each file is one plain line on stderr; models are verified one after the other', async () => {
  const { api, feed, asked, end } = slowVerifications()
  using running = new Running(['model', 'verify'], { url: api.url })
  await asked('first')
  for (const bytes_done of [0, 1e9, 2e9]) feed('first').send('verify', figures('first', { bytes_done }))
  feed('first').send('verify', figures('first', { bytes_done: 3e9, file: 'first/2.gguf' }))
  await running.said('first/2.gguf')
  feed('first').send('verify', figures('first', { bytes_done: 4e9, file: null }))
  expect(api.calls.map(({ operation }) => operation)).toEqual(['listModels', 'verifyModel'])
  end('first')
  await running.printed('first/1.gguf  ok')
  await asked('second')
  feed('second').send('verify', figures('second'))
  await running.said('second/1.gguf')
  end('second')
  expect(await running.outcome).toEqual({
    code: 0,
    stdout: 'first  first/1.gguf  ok\nsecond  second/1.gguf  ok\n',
    stderr: 'first: hashing first/1.gguf\nfirst: hashing first/2.gguf\nsecond: hashing second/1.gguf\n',
  })
})

test('--json prints only the verdicts on stdout, and unknown events do no harm', async () => {
  const { api, feed, asked, end } = slowVerifications()
  using running = new Running(['model', 'verify', 'first', '--json'], { url: api.url })
  await asked('first')
  feed('first').raw('event: verify\ndata: {{{\n\nevent: verify\ndata: {"id":"first"}\n\nevent: moon\ndata: 1\n\n')
  feed('first').send('verify', figures('first'))
  await running.said('first/1.gguf')
  feed('first').close()
  end('first')
  const { code, stdout } = await running.outcome
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toEqual([verdict('first')])
})

test('Ctrl-C gives up with 130, says that nothing was changed, and begins no other model', async () => {
  const { api, asked } = slowVerifications()
  using running = new Running(['model', 'verify'], { url: api.url })
  await asked('first')
  running.interrupt()
  expect(await running.outcome).toEqual({
    code: 130,
    stdout: '',
    stderr: 'The verification of first was given up. Nothing was changed.\n',
  })
  expect(api.calls.map(({ params }) => params.id)).toEqual([undefined, 'first'])
})

test('a daemon that stops in the meantime is waited for, and then the verification begins again', async () => {
  const answers = [
    () => {
      throw new Hal0Error('model.verify_stopped', 'hal0 is stopping. Verify again once it is back.')
    },
    () => verdict('first'),
  ]
  using api = new FakeApi({
    health: () => ({ status: 'ok' }),
    verifyModel: () => (answers.shift() as () => ModelVerification)(),
  })
  using running = new Running(['model', 'verify', 'first'], { url: api.url })
  expect(await running.outcome).toEqual({
    code: 0,
    stdout: 'first  first/1.gguf  ok\n',
    stderr:
      'The daemon is gone; waiting for it to come back …\nThe daemon is back.\nVerifying first again from the beginning.\n',
  })
})

if (noTerminal !== null && process.env.CI === 'true') throw new Error(`the terminal cannot be tested: ${noTerminal}`)

describe.skipIf(noTerminal !== null)('on a terminal', () => {
  test('the bar is one line that rewrites itself and disappears at the end', async () => {
    const { api, feed, asked, end } = slowVerifications()
    using terminal = new Terminal(['model', 'verify', 'first'], { HAL0_URL: api.url, NO_COLOR: '1' })
    await asked('first')
    feed('first').send('verify', figures('first'))
    await terminal.shows(/1\.gguf {2}\[> {23}\] {3}0 % {2}0 B of 4\.0 GB/)
    feed('first').send('verify', figures('first', { bytes_done: 1e9, throughput_bps: 1.5e9, eta_s: 2 }))
    const screen = await terminal.shows(/1\.gguf {2}\[==> {7}\] {2}25 % {2}1\.0 GB of 4\.0 GB, 1\.5 GB\/s, about 2/)
    expect(screen).not.toContain(' 0 %')
    end('first')
    expect(await terminal.shows(/exit 0/)).toBe('first  first/1.gguf  ok\nexit 0')
  }, 30_000)

  test('Ctrl-C removes the bar', async () => {
    const { api, feed, asked } = slowVerifications()
    using terminal = new Terminal(['model', 'verify', 'first'], { HAL0_URL: api.url, NO_COLOR: '1' })
    await asked('first')
    feed('first').send('verify', figures('first', { bytes_done: 1e9 }))
    await terminal.shows(/25 %/)
    terminal.press('C-c')
    const screen = await terminal.shows(/exit 130/)
    expect(screen).toContain('The verification of first was given up. Nothing was changed.')
    expect(screen).not.toContain('25 %')
  }, 30_000)
})
