import { afterAll, describe, expect, test } from 'bun:test'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { EventFeed, FakeApi } from '../support/fake-api.ts'
import { hal0, Running } from '../support/run-cli.ts'
import { record, slot } from '../support/samples.ts'

const feed = new EventFeed()
const logFeed = new EventFeed()
const api = new FakeApi(
  {
    showSlot: ({ params }) => {
      if (params.name !== 'primary') throw new Hal0Error('slot.not_found', 'There is no such slot.')
      return slot('primary', 'ready')
    },
    listSlots: () => [slot('primary', 'ready')],
    slotLogs: ({ params, query }) => {
      if (params.name !== 'primary') throw new Hal0Error('slot.not_found', 'There is no such slot.')
      return ['older', `\x1b[31mred\x1b[0m ${query.lines}`]
    },
  },
  { 'GET /api/slots/events': feed.respond, 'GET /api/slots/primary/logs/events': logFeed.respond },
)
const { url } = api
afterAll(() => api[Symbol.dispose]())

const run = (...args: string[]) => hal0(['slot', ...args], { url })

describe('logs', () => {
  test('prints the last lines as they are', async () => {
    expect((await run('logs', 'primary', '-n', '7')).stdout).toBe('older\n\x1b[31mred\x1b[0m 7\n')
  })

  test('--json is an array', async () => {
    expect(JSON.parse((await run('logs', 'primary', '--json')).stdout)).toHaveLength(2)
  })

  test('-f gets the last lines and the new ones from one stream, and continues until it is interrupted', async () => {
    const opened = logFeed.opened.promise
    using following = new Running(['slot', 'logs', 'primary', '-f', '-n', '7'], { url })
    await opened
    expect(logFeed.requests.at(-1)?.url).toEndWith('/logs/events?lines=7')
    logFeed.send('log', JSON.stringify('older'))
    logFeed.send('log', JSON.stringify('fresh "line"'))
    await following.printed('fresh "line"\n')
    following.interrupt()
    expect((await following.outcome).stdout).toStartWith('older\n')
  })
})

describe('hal0 logs NAME', () => {
  const logs = (...args: string[]) => hal0(['logs', ...args], { url })

  test('prints what the backend of that slot printed', async () => {
    expect((await logs('primary')).stdout).toBe('older\n\x1b[31mred\x1b[0m 100\n')
    expect((await logs('primary', '-n', '7')).stdout).toBe('older\n\x1b[31mred\x1b[0m 7\n')
  })

  test('-f follows it', async () => {
    const opened = logFeed.opened.promise
    using following = new Running(['logs', 'primary', '-f'], { url })
    await opened
    logFeed.send('log', JSON.stringify('fresh'))
    await following.printed('fresh\n')
    following.interrupt()
    await following.outcome
  })

  test.each([[[]], [['-f']]])('%p of a name that is no slot ends with 4 and names near ones', async (flags) => {
    const { code, stdout, stderr } = await logs('primry', ...flags)
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
    expect(stderr).toContain('Did you mean primary?')
  })

  test('with --slot or --model is wrong usage: those choose among the requests', async () => {
    const { code, stderr } = await logs('primary', '--slot', 'primary')
    expect(code).toBe(2)
    expect(stderr).toContain('Try: hal0 logs --slot primary')
  })
})

test('a backend that has printed nothing yet is said to have printed nothing', async () => {
  using silent = new FakeApi({ slotLogs: () => [] })
  expect(await hal0(['logs', 'primary'], { url: silent.url })).toEqual({
    code: 0,
    stdout: '',
    stderr: 'The backend of primary has printed nothing yet.\n',
  })
})

test('logs -f resumes after a lost connection and shows missing lines as a gap; --json has a field for it', async () => {
  const opened = logFeed.opened.promise
  using plain = new Running(['slot', 'logs', 'primary', '-f'], { url })
  await opened
  logFeed.send('log', JSON.stringify('a line'), '1.7')
  logFeed.send('gap', { bytes: 4096 }, '1.4103')
  await plain.printed('… 4096 bytes of lines are missing here\n')
  const again = logFeed.opened.promise
  logFeed.close()
  await again
  expect(logFeed.requests.at(-1)?.headers.get('last-event-id')).toBe('1.4103')
  logFeed.send('gap', { bytes: null }, '1.5000')
  await plain.printed('… some lines are missing here\n')
  plain.interrupt()
  await plain.outcome
  const openedJson = logFeed.opened.promise
  using json = new Running(['slot', 'logs', 'primary', '-f', '--json'], { url })
  await openedJson
  logFeed.send('gap', { bytes: 7 })
  await json.printed('{"gap":{"bytes":7}}\n')
  json.interrupt()
  await json.outcome
})

describe('watch', () => {
  test('shows each change once, even over a lost connection, and resumes where it broke off', async () => {
    const opened = feed.opened.promise
    using watching = new Running(['slot', 'watch', '--json'], { url })
    await opened
    feed.send('slot', record('primary', 'starting', { seq: 1 }), 41)
    feed.send('progress', { name: 'primary', state: 'warming', elapsed_s: 1, expected_s: 2, pull: null })
    feed.send('slot', record('primary', 'warming', { seq: 2 }), 42)
    await watching.printed('"warming"')
    const again = feed.opened.promise
    feed.close()
    await again
    expect(feed.requests.at(-1)?.headers.get('last-event-id')).toBe('42')
    feed.send('slot', record('primary', 'warming', { seq: 2 }), 42)
    feed.send('slot', record('primary', 'ready', { seq: 3 }), 43)
    feed.send('deleted', { name: 'primary' }, 44)
    await watching.printed('"deleted"')
    watching.interrupt()
    const { stdout, stderr } = await watching.outcome
    // The daemon answered at once: it was never gone.
    expect(stderr).toBe('')
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).state)
    expect(lines).toEqual(['starting', 'warming', 'ready', undefined])
  })

  test('with a name shows only that slot', async () => {
    const opened = feed.opened.promise
    using watching = new Running(['slot', 'watch', 'primary'], { url })
    await opened
    feed.send('slot', record('embed', 'ready'), 1)
    feed.send('slot', record('primary', 'error', { error: new Hal0Error('slot.crashed', 'It crashed.').body() }), 2)
    await watching.printed('It crashed.')
    watching.interrupt()
    const { stdout } = await watching.outcome
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d {2}primary +error +It crashed\.\n$/)
  })

  test('of an unknown slot ends with 4', async () => {
    expect((await run('watch', 'other')).code).toBe(4)
  })
})
