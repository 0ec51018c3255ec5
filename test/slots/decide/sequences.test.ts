import { test } from 'bun:test'
import fc from 'fast-check'
import { acts, live } from './sequences.ts'

const long = process.env.HAL0_LONG === '1'
const numRuns = long ? 100_000 : 10_000

test('a command that is acknowledged once the disk works again leaves nothing undurable behind it', async () => {
  await live([
    { act: 'request', name: 'ondemand' },
    { act: 'disk-fails' },
    { act: 'command', name: 'ondemand', command: { do: 'unload' } },
    { act: 'disk-works' },
    { act: 'command', name: 'ondemand', command: { do: 'load' } },
    { act: 'restart-daemon' },
  ])
})

test('an acknowledgement shows only what is on the disk, although the load has already failed again', async () => {
  const behaviour = { spawn: 'fails', answersAfter: 0, readyAfter: 0, ignoresTerm: false } as const
  await live([
    { act: 'behave', behaviour },
    { act: 'command', name: 'manual', command: { do: 'swap', model: 'a' } },
    { act: 'request', name: 'manual' },
    { act: 'request', name: 'manual' },
    { act: 'command', name: 'manual', command: { do: 'swap', model: 'b' } },
    { act: 'restart-daemon' },
    { act: 'model-goes' },
  ])
})

test(`no sequence of ${numRuns} random ones breaks the lifecycle, loses an acknowledged transition or leaves a request without an answer`, async () => {
  // fast-check prints the seed, the path and the shrunk sequence of a failure.
  await fc.assert(fc.asyncProperty(acts, live), { numRuns, endOnFailure: false })
}, 600_000)
