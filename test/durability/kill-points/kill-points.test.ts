import { expect } from 'bun:test'
import { names, runSweeps, summary } from './kill-sweep.ts'
import { tracedTest as test } from './strace.ts'

test('a daemon that is killed between any two steps of a write leaves files with which the next one can continue', async () => {
  const kills = await runSweeps(
    [
      { calls: `fsync,rename,${names}`, stride: 6 },
      { calls: 'fsync', stride: 4 },
      { calls: 'rename', stride: 2 },
      { calls: names, stride: 2 },
      { calls: 'write,pwrite64', stride: 80 },
    ],
    30,
  )
  console.log(summary(kills))
  expect(kills.length).toBeGreaterThanOrEqual(30)
}, 300_000)
