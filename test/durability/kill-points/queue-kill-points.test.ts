import { expect } from 'bun:test'
import { names, runSweeps, summary } from './kill-sweep.ts'
import { runQueueKillPoint } from './queue-kill-point.ts'
import { tracedTest as test } from './strace.ts'

const isLong = process.env.HAL0_LONG === '1'
const atLeast = isLong ? 200 : 12
const stride = isLong ? 1 : 7

test(`a queue of pulls is whole after each of ${atLeast} kills between two steps of its writes: in order, none twice, none lost`, async () => {
  const sweeps = [`fsync,rename,${names}`, 'fsync', 'rename', names].map((calls) => ({ calls, stride }))
  const kills = await runSweeps(sweeps, atLeast, runQueueKillPoint)
  console.log(summary(kills))
  expect(kills.length).toBeGreaterThanOrEqual(atLeast)
}, 3_600_000)
