import { expect } from 'bun:test'
import { runIntentKillPoint } from './intent-kill-point.ts'
import { runSweeps, summary } from './kill-sweep.ts'
import { tracedTest as test } from './strace.ts'

const isLong = process.env.HAL0_LONG === '1'
const atLeast = isLong ? 200 : 6
const stride = isLong ? 1 : 18

test(`a load, restart or swap that was accepted happens after each of ${atLeast} kills between two steps of its writes, a swap as a whole or not at all`, async () => {
  const sweeps = ['fsync,rename', 'rename', 'fsync', 'unlink'].map((calls) => ({ calls, stride }))
  const kills = await runSweeps(sweeps, atLeast, runIntentKillPoint)
  console.log(summary(kills))
  expect(kills.length).toBeGreaterThanOrEqual(atLeast)
}, 3_600_000)
