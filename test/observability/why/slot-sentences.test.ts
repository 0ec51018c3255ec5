/** The table of cases: what happened to a slot, and what is said about it. */
import { expect, test } from 'bun:test'
import type { SlotHappening } from '../../../src/contract/logs/why.ts'
import type { SlotState } from '../../../src/contract/slot.ts'
import { type SlotNow, slotSentences } from '../../../src/observability/why/slot-sentences.ts'
import { asked, at, entered } from '../support/happening.ts'

const now = Date.parse(at(100))
const slot = (state: SlotState, more: Partial<SlotNow> = {}): SlotNow => ({
  name: 'primary',
  state,
  model: 'tiny',
  load: 'manual',
  inFlight: 0,
  waiting: 0,
  ...more,
})

const load = [entered(10, 'starting', 'load requested'), entered(11, 'warming', 'the backend is up')]
const ready = entered(19, 'ready', 'passed its probe')
const crash = entered(30, 'error', 'The backend of slot primary was ended by SIGSEGV.', {
  code: 'slot.crashed',
  said: 'GGML_ASSERT(x) failed',
})

const cases: [what: string, slot: SlotNow, events: SlotHappening[], sentences: string[]][] = [
  [
    'a load by command',
    slot('ready'),
    [asked(9, 'load'), ...load, ready],
    [
      'Slot primary is ready, loaded since 03:00:19 UTC, with tiny.',
      '127.0.0.1 (request r9) asked to load it at 03:00:09 UTC.',
      'Starting its process took 1 s.',
      'Loading tiny into memory took 8 s.',
    ],
  ],
  [
    'a cold load by a request, while others are served',
    slot('serving', { inFlight: 2, waiting: 1 }),
    [asked(9, 'request'), ...load, ready],
    [
      'Slot primary is serving, loaded since 03:00:19 UTC, with tiny.',
      'Request r9 of 127.0.0.1 needed it loaded at 03:00:09 UTC.',
      'Starting its process took 1 s.',
      'Loading tiny into memory took 8 s.',
      '2 requests are at its backend.',
      '1 request waits.',
    ],
  ],
  [
    'a load whose end is not on the disk yet',
    slot('serving'),
    [asked(9, 'request'), ...load],
    [
      'Slot primary is serving, loaded a moment ago, with tiny.',
      'Request r9 of 127.0.0.1 needed it loaded at 03:00:09 UTC.',
      'Starting its process took 1 s.',
      'Loading tiny into memory took 89 s.',
    ],
  ],
  [
    'a load that is under way',
    slot('warming', { waiting: 3 }),
    [asked(9, 'request'), ...load],
    [
      'Slot primary is loading.',
      'Request r9 of 127.0.0.1 needed it loaded at 03:00:09 UTC.',
      'Starting its process took 1 s.',
      'tiny is being loaded into memory since 03:00:11 UTC, for 89 s now.',
      '3 requests wait.',
      'Requests wait for it. Watch it: hal0 slot watch primary',
    ],
  ],
  [
    'a pull, and then the load',
    slot('idle'),
    [asked(1, 'load'), entered(2, 'pulling', 'the model is not here yet'), ...load, ready],
    [
      'Slot primary is loaded, and has had no request for a while, loaded since 03:00:19 UTC, with tiny.',
      '127.0.0.1 (request r1) asked to load it at 03:00:01 UTC.',
      'Downloading tiny took 8 s.',
      'Starting its process took 1 s.',
      'Loading tiny into memory took 8 s.',
    ],
  ],
  [
    'a pull that is under way',
    slot('pulling'),
    [entered(40, 'pulling', 'the model is not here yet')],
    [
      'Slot primary waits for its model.',
      'tiny is being downloaded since 03:00:40 UTC, for 60 s now.',
      'Requests are refused until it is here. Watch it: hal0 pulls --watch',
    ],
  ],
  [
    'a crash and the load that followed by itself',
    slot('ready'),
    [
      ...load,
      ready,
      crash,
      entered(32, 'offline', 'it is loaded again'),
      entered(32, 'starting', 'load requested'),
      entered(33, 'warming', 'the backend is up'),
      entered(34, 'ready', 'passed its probe'),
    ],
    [
      'Slot primary is ready, loaded since 03:00:34 UTC, with tiny.',
      'It was loaded again by itself, since it had failed at 03:00:30 UTC: The backend of slot primary was ended by SIGSEGV.',
      'Starting its process took 1 s.',
      'Loading tiny into memory took 1 s.',
    ],
  ],
  [
    'a crash',
    slot('error'),
    [...load, ready, crash],
    [
      'Slot primary is in error since 03:00:30 UTC (slot.crashed): The backend of slot primary was ended by SIGSEGV.',
      'Its backend said last: GGML_ASSERT(x) failed',
      'All that it printed: hal0 slot logs primary',
      'Once the cause is mended, load it again: hal0 slot load primary',
    ],
  ],
  [
    'a load that failed for lack of memory',
    slot('error'),
    [
      asked(9, 'request'),
      ...load,
      entered(20, 'error', 'The backend of slot primary ran out of memory.', { code: 'slot.out_of_memory' }),
    ],
    [
      'Slot primary is in error since 03:00:20 UTC (slot.out_of_memory): The backend of slot primary ran out of memory.',
      'Request r9 of 127.0.0.1 needed it loaded at 03:00:09 UTC.',
      'Starting its process took 1 s.',
      'Loading tiny into memory took 9 s.',
      'All that it printed: hal0 slot logs primary',
      'Once the cause is mended, load it again: hal0 slot load primary',
    ],
  ],
  [
    'a port that another program holds',
    slot('error'),
    [
      asked(9, 'load'),
      entered(10, 'starting', 'load requested'),
      entered(10, 'error', 'Port 8081 of slot primary is in use by pid 7.', { code: 'slot.port_in_use' }),
    ],
    [
      'Slot primary is in error since 03:00:10 UTC (slot.port_in_use): Port 8081 of slot primary is in use by pid 7.',
      '127.0.0.1 (request r9) asked to load it at 03:00:09 UTC.',
      'Starting its process took 0.0 s.',
      'All that it printed: hal0 slot logs primary',
      'Once the cause is mended, load it again: hal0 slot load primary',
    ],
  ],
  [
    'a load that somebody cancelled',
    slot('offline'),
    [
      asked(9, 'load'),
      ...load,
      asked(12, 'cancel'),
      entered(13, 'error', 'The load was cancelled.', { code: 'slot.load_cancelled' }),
      entered(14, 'offline', 'acknowledged'),
    ],
    [
      'Slot primary is offline since 03:00:14 UTC: acknowledged.',
      'Before that, at 03:00:13 UTC, it failed (slot.load_cancelled): The load was cancelled.',
      '127.0.0.1 (request r12) asked to cancel it at 03:00:12 UTC.',
      'Requests for it are refused until it is loaded: hal0 slot load primary',
    ],
  ],
  [
    'an unload by command',
    slot('offline', { load: 'on-demand' }),
    [
      ...load,
      ready,
      asked(50, 'unload'),
      entered(50, 'unloading', 'unload requested'),
      entered(51, 'offline', 'unloaded'),
    ],
    [
      'Slot primary is offline since 03:00:51 UTC: unload requested.',
      '127.0.0.1 (request r50) asked to unload it at 03:00:50 UTC.',
      'Its next request loads it.',
    ],
  ],
  [
    'a restart of the host',
    slot('offline'),
    [...load, ready, entered(60, 'unloading', 'the host was restarted'), entered(60, 'offline', 'unloaded')],
    [
      'Slot primary is offline since 03:01:00 UTC: the host was restarted.',
      'Requests for it are refused until it is loaded: hal0 slot load primary',
    ],
  ],
  [
    'nothing yet',
    slot('offline', { model: null }),
    [],
    [
      'Slot primary is offline: it has not been loaded yet.',
      'It has no model. Give it one: hal0 slot swap primary --model MODEL',
    ],
  ],
  [
    'a swap that is unloading what was there',
    slot('unloading'),
    [...load, ready, asked(98, 'swap', { model: 'big' }), entered(99, 'unloading', 'restart requested')],
    [
      'Slot primary is being unloaded, for 1 s now: restart requested.',
      '127.0.0.1 (request r98) asked for big in it at 03:01:38 UTC.',
    ],
  ],
]

for (const [what, state, events, sentences] of cases) {
  test(`${what} is explained`, () => {
    expect(slotSentences(state, events, now)).toEqual(sentences)
  })
}
