/** The table of cases: what became of a request, and what is said about it. */
import { expect, test } from 'bun:test'
import type { Decision } from '../../../src/contract/logs/decision.ts'
import type { SlotHappening } from '../../../src/contract/logs/why.ts'
import { requestEvents, requestSentences } from '../../../src/observability/why/request-sentences.ts'
import { decision } from '../support/decision.ts'
import { asked, at, entered } from '../support/happening.ts'

const now = Date.parse(at(100))
const request = (more: Partial<Decision>): Decision =>
  decision({ id: 1, time: at(10), request_id: 'r10', queue_ms: 0, completion_tokens: 30, ...more })
const refused = (status: number, code: string, message: string, more: Partial<Decision> = {}): Decision =>
  request({
    status,
    code,
    message,
    outcome: 'error',
    wait_ms: null,
    load_ms: null,
    queue_ms: null,
    duration_ms: 5,
    ...more,
  })

const head = 'Request r10 of 127.0.0.1 came at 03:00:10 UTC: /v1/chat/completions for "gpt-4o".'
const routed = `${head} It went to slot primary: alias of primary.`
const load = [entered(10, 'starting', 'load requested'), entered(11, 'warming', 'up'), entered(19, 'ready', 'passed')]

const cases: [what: string, decision: Decision, events: SlotHappening[], sentences: string[]][] = [
  [
    'an answer without a wait',
    request({}),
    load,
    [
      routed,
      'The slot was ready, so that it did not have to wait.',
      'The first token came after 1.5 ms, and the answer was complete after 0.0 s. It has 30 tokens, 41.5 a second; the prompt had 5, 2 of them cached.',
    ],
  ],
  [
    'a cold load that it caused',
    request({ state: 'warming', load_ms: 9100, wait_ms: 9101, first_byte_ms: 9300, duration_ms: 10_000 }),
    [asked(10, 'request'), ...load],
    [
      routed,
      'It waited 9 s for the slot to load.',
      'Request r10 of 127.0.0.1 needed it loaded at 03:00:10 UTC.',
      'Starting its process took 1 s.',
      'Loading tiny into memory took 8 s.',
      'The first token came after 9.30 s, and the answer was complete after 10 s. It has 30 tokens, 41.5 a second; the prompt had 5, 2 of them cached.',
    ],
  ],
  [
    'a cold load whose end is not on the disk yet',
    request({
      state: 'warming',
      load_ms: 9000,
      wait_ms: 9001,
      streamed: false,
      completion_tokens: null,
      duration_ms: 10_000,
    }),
    [asked(10, 'request'), ...load.slice(0, 2)],
    [
      routed,
      'It waited 9 s for the slot to load.',
      'Request r10 of 127.0.0.1 needed it loaded at 03:00:10 UTC.',
      'Starting its process took 1 s.',
      'Loading tiny into memory took 8 s.',
      'The answer was complete after 10 s.',
    ],
  ],
  [
    'a wait for a place',
    request({
      state: 'serving',
      queue_ms: 2000,
      wait_ms: 2000,
      streamed: false,
      completion_tokens: null,
      duration_ms: 3000,
    }),
    [],
    [
      routed,
      'It waited 2 s for a place: the slot was serving as many requests as it may (max_in_flight).',
      'The answer was complete after 3 s.',
    ],
  ],
  [
    'a full queue',
    refused(429, 'slot.queue_full', 'Slot primary is busy: 1 requests are being served and 64 wait.'),
    [],
    [
      routed,
      'It was refused with status 429 after 0.0 s (slot.queue_full): Slot primary is busy: 1 requests are being served and 64 wait.',
      'More of them at once: hal0 slot edit primary --set max_in_flight=N; or a longer queue: --set queue_length=N',
    ],
  ],
  [
    'a slot that is not loaded',
    refused(503, 'slot.not_loaded', 'Slot primary is not loaded.'),
    [],
    [
      routed,
      'It was refused with status 503 after 0.0 s (slot.not_loaded): Slot primary is not loaded.',
      'Load it: hal0 slot load primary; or let its requests do so: hal0 slot edit primary --set load=on-demand',
    ],
  ],
  [
    'a model that nobody has',
    refused(404, 'model.not_found', 'There is no model "gpt-4o".', {
      slot: null,
      reason: 'There is no model "gpt-4o".',
    }),
    [],
    [`${head} It reached no slot (model.not_found): There is no model "gpt-4o".`],
  ],
  [
    'a backend that crashed in the middle of the answer',
    request({ outcome: 'broken', status: 200, code: 'slot.crashed', message: 'It crashed.', duration_ms: 20_000 }),
    [...load, entered(30, 'error', 'It crashed.', { code: 'slot.crashed', said: 'Segmentation fault' })],
    [
      routed,
      'The slot was ready, so that it did not have to wait.',
      'The answer broke off after 20 s (slot.crashed).',
      'The slot had failed at 03:00:30 UTC: It crashed.',
      'Its backend said last: Segmentation fault',
    ],
  ],
  [
    'a load that somebody cancelled meanwhile',
    refused(503, 'slot.load_cancelled', 'The load was cancelled.', { duration_ms: 4000 }),
    [
      asked(10, 'request'),
      ...load.slice(0, 2),
      asked(13, 'cancel', { caller: 'laptop' }),
      entered(13, 'error', 'The load was cancelled.', { code: 'slot.load_cancelled' }),
    ],
    [
      routed,
      'Meanwhile, at 03:00:13 UTC: laptop (request r13) asked to cancel it.',
      'It was refused with status 503 after 4 s (slot.load_cancelled): The load was cancelled.',
      'The slot had failed at 03:00:13 UTC: The load was cancelled.',
    ],
  ],
  [
    'a swap meanwhile',
    refused(404, 'model.not_found', 'Slot primary runs big from now on, not tiny.', { duration_ms: 4000 }),
    [asked(12, 'swap', { model: 'big' })],
    [
      routed,
      'Meanwhile, at 03:00:12 UTC: 127.0.0.1 (request r12) asked for big in it.',
      'It was refused with status 404 after 4 s (model.not_found): Slot primary runs big from now on, not tiny.',
    ],
  ],
  [
    'a client that left',
    request({ outcome: 'aborted', status: 499, first_byte_ms: null, wait_ms: null, duration_ms: 7000 }),
    [],
    [routed, 'The client left after 7 s, before anything was sent to it.'],
  ],
  [
    'an error of the backend itself',
    request({ outcome: 'error', status: 400, duration_ms: 3000 }),
    [],
    [
      routed,
      'The slot was ready, so that it did not have to wait.',
      'The backend itself answered with status 400 after 3 s.',
    ],
  ],
]

for (const [what, row, events, sentences] of cases) {
  test(`${what} is explained`, () => {
    expect(requestSentences(row, events, now)).toEqual(sentences)
  })
}

test('the steps of a request are in order, with their times', () => {
  const steps = requestEvents(request({ wait_ms: 1000, first_byte_ms: 2000, duration_ms: 3000 }))
  expect(steps.map(({ time, text }) => [time, text])).toEqual([
    [at(10), 'arrived: /v1/chat/completions'],
    [at(11), 'got its place'],
    [at(12), 'first byte of the answer'],
    [at(13), 'ended: ok, status 200'],
  ])
})
