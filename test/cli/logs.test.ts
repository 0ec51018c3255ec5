import { afterAll, expect, test } from 'bun:test'
import { EventFeed, FakeApi } from './support/fake-api.ts'
import { hal0, Running } from './support/run-cli.ts'
import { acceptedPull, decision } from './support/samples.ts'

const feed = new EventFeed()
const failed = decision(2, {
  outcome: 'error',
  status: 503,
  code: 'slot.not_loaded',
  prompt_tokens: null,
  completion_tokens: null,
})
const api = new FakeApi(
  {
    listDecisions: () => [failed, decision(1)],
    listPulls: () => [
      {
        ...acceptedPull('big', { repo: 'acme/big', file: 'big.gguf' }),
        phase: 'downloading',
        bytes_received: 1e9,
        bytes_total: 4e9,
        throughput_bps: 5e7,
        eta_s: 60,
      },
      { ...acceptedPull('over', { repo: 'acme/over', file: 'over.gguf' }), phase: 'done' },
    ],
    status: () => ({
      version: '0.1.0',
      uptime_s: 3700,
      pid: 12,
      supervisor: 'process',
      url: 'http://127.0.0.1:8080',
      problems: ['The disk is nearly full.'],
      slots: [{ name: 'primary', state: 'ready', model: 'tiny', port: 8081, capture: false }],
    }),
  },
  { 'GET /api/logs/decisions/events': feed.respond },
)
const { url } = api
afterAll(() => api[Symbol.dispose]())

test('the decisions are a table, newest last', async () => {
  const { code, stdout } = await hal0(['logs', '--slot', 'primary', '-n', '5'], { url })
  expect(code).toBe(0)
  expect(api.calls.at(-1)?.query).toEqual({ slot: 'primary', limit: '5' })
  const [, first, second] = stdout.split('\n')
  expect(first).toMatch(/primary +primary +200 +ok +0\.2 ms +35 ms +1\.24 s +12\+34 +the name of a slot$/)
  expect(second).toMatch(/503 +error .* - +slot\.not_loaded: /)
})

test('--json is what the API answered, newest first', async () => {
  expect(JSON.parse((await hal0(['logs', '--json'], { url })).stdout).map(({ id }: { id: number }) => id)).toEqual([
    2, 1,
  ])
})

test('-f continues where the list ended, and shows no decision twice', async () => {
  const opened = feed.opened.promise
  using following = new Running(['logs', '-f', '--json', '--slot', 'primary'], { url })
  await opened
  expect(feed.requests.at(-1)?.headers.get('last-event-id')).toBe('2')
  expect(new URL(feed.requests.at(-1)?.url ?? '').search).toBe('?slot=primary')
  feed.send('decision', failed, 2)
  feed.send('decision', decision(4), 4)
  await following.printed('"id":4')
  following.interrupt()
  const lines = (await following.outcome).stdout.trim().split('\n')
  expect(lines.map((line) => JSON.parse(line).id)).toEqual([1, 2, 4])
})

test('every filter goes to the API, and --since is an age, a date or a time', async () => {
  const before = Date.now()
  const words = '--model m --caller 10.0.0.7 --endpoint /v1/embeddings --status 503 --text oops --since 2h'.split(' ')
  expect((await hal0(['logs', ...words], { url })).code).toBe(0)
  const { since = '', ...rest } = api.calls.at(-1)?.query ?? {}
  expect(rest).toEqual({
    model: 'm',
    caller: '10.0.0.7',
    endpoint: '/v1/embeddings',
    status: '503',
    text: 'oops',
    limit: '20',
  })
  expect(Date.parse(since)).toBeGreaterThanOrEqual(before - 7_200_000)
  expect(Date.parse(since)).toBeLessThanOrEqual(Date.now() - 7_200_000)
})

test('what cannot be a time or a status is refused before anything is asked', async () => {
  for (const [flag, value] of [
    ['--since', 'yesterday'],
    ['--since', '5'],
    ['--status', 'bad'],
  ] as const) {
    const { code, stderr } = await hal0(['logs', flag, value], { url: 'http://127.0.0.1:1' })
    expect([code, stderr.includes(`${flag} takes`)]).toEqual([2, true])
  }
})

test('-n larger than a page follows the pages, empty ones too', async () => {
  const pages: Record<string, [number[], number | null]> = {
    first: [[9, 8], 8],
    8: [[], 5],
    5: [[4], null],
  }
  using paged = new FakeApi(
    {},
    {
      'GET /api/logs/decisions': (request) => {
        const [ids = [], next = null] = pages[new URL(request.url).searchParams.get('before') ?? 'first'] ?? []
        const headers = next === null ? {} : { link: `</api/logs/decisions?text=x&before=${next}>; rel="next"` }
        return Response.json(
          ids.map((id) => decision(id)),
          { headers },
        )
      },
    },
  )
  const { stdout } = await hal0(['logs', '--text', 'x', '-n', '5000', '--json'], { url: paged.url })
  expect(JSON.parse(stdout).map(({ id }: { id: number }) => id)).toEqual([9, 8, 4])
})

test('-f for people has a heading and one line for each decision', async () => {
  const opened = feed.opened.promise
  using following = new Running(['logs', '-f'], { url })
  await opened
  feed.send('decision', decision(5, { model: 'asked-for-this' }), 5)
  await following.printed('asked-for-this')
  following.interrupt()
  const { stdout } = await following.outcome
  expect(stdout).toStartWith('TIME')
  expect(stdout.trim().split('\n')).toHaveLength(4)
})

test('status shows the daemon, its problems, the slots, and the pulls under way', async () => {
  const { code, stdout } = await hal0(['status'], { url })
  expect(code).toBe(0)
  for (const line of [
    /^uptime +1 h 1 min$/m,
    /^problem +The disk is nearly full\.$/m,
    /^primary +ready +tiny +8081$/m,
    /^big +downloading +25 % +1\.0 GB of 4\.0 GB +50 MB\/s +60 s$/m,
  ]) {
    expect(stdout).toMatch(line)
  }
  expect(stdout).not.toContain('over')
  const json = JSON.parse((await hal0(['status', '--json'], { url })).stdout)
  expect([json.pid, json.pulls.map(({ id }: { id: string }) => id)]).toEqual([12, ['big']])
})
