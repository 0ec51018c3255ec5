import { expect } from 'bun:test'
import { names, runSweeps, summary } from './kill-sweep.ts'
import { tracedTest as test } from './strace.ts'

test('a daemon that is killed between any two steps of a write leaves files with which the next one can continue', async () => {
  const kills = await runSweeps(
    [
      { calls: `fsync,rename,${names}`, stride: 3 },
      { calls: 'fsync', stride: 2 },
      { calls: 'rename', stride: 1 },
      { calls: names, stride: 1 },
      { calls: 'write,pwrite64', stride: 40 },
    ],
    60,
  )
  console.log(summary(kills))
  expect(kills.length).toBeGreaterThanOrEqual(60)
}, 300_000)
