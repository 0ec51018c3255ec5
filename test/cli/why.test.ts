import { afterAll, expect, test } from 'bun:test'
import type { Happening } from '../../src/contract/logs/why.ts'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import { FakeApi } from './support/fake-api.ts'
import { hal0 } from './support/run-cli.ts'

const event: Happening = {
  time: '2026-01-02T03:04:05.678Z',
  what: 'state',
  slot: 'primary',
  text: 'passed its probe',
  state: 'ready',
  model: 'tiny',
  code: null,
  said: null,
  request_id: null,
  caller: null,
}
const api = new FakeApi({
  status: () => ({
    version: '0.1.0',
    uptime_s: 1,
    pid: 1,
    supervisor: 'process',
    url: '',
    problems: [],
    slots: [{ name: 'primary', state: 'ready', model: 'tiny', port: 8081, capture: false }],
  }),
  why: ({ query }) => {
    if (query.request === 'gone') throw new Hal0Error('request.not_found', 'There is no request "gone" in the log.')
    return { sentences: [`About ${JSON.stringify(query)}.`, 'It is so.'], events: [event] }
  },
})
const { url } = api
afterAll(() => api[Symbol.dispose]())

const said = async (...words: string[]) => (await hal0(['why', ...words], { url })).stdout

test('hal0 why explains a slot, if there is one of that name, and otherwise a request', async () => {
  expect(await said('primary')).toBe('About {"slot":"primary"}.\nIt is so.\n')
  expect(await said('1f0c8a92b3de')).toContain('About {"request":"1f0c8a92b3de"}.')
  expect(await said('My.Request:7')).toContain('About {"request":"My.Request:7"}.')
  expect(await said()).toContain('About {}.')
})

test('hal0 why --events lists what happened, and --json is what the API says', async () => {
  expect(await said('primary', '--events')).toMatch(
    /TIME +SLOT +WHAT +BY +DETAILS\n\d\d:04:05 +primary +ready +- +passed its probe/,
  )
  expect(JSON.parse(await said('primary', '--json'))).toEqual({
    sentences: ['About {"slot":"primary"}.', 'It is so.'],
    events: [event],
  })
})

test('hal0 why says where to look for a request that is not in the log', async () => {
  const { code, stderr } = await hal0(['why', 'gone'], { url })
  expect(code).toBe(4)
  expect(stderr).toContain('There is no request "gone" in the log.')
})
