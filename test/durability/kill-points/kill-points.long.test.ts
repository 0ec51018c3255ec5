import { expect } from 'bun:test'
import { names, runSweeps, summary } from './kill-sweep.ts'
import { tracedTest as test } from './strace.ts'

test('a daemon that is killed at any of 200 points of its writes leaves files with which the next one can continue', async () => {
  const kills = await runSweeps(
    [
      { calls: `fsync,rename,${names}`, stride: 1 },
      { calls: 'fsync,rename', stride: 1 },
      { calls: 'fsync', stride: 1 },
      { calls: 'rename', stride: 1 },
      { calls: names, stride: 1 },
      { calls: 'write,pwrite64', stride: 3 },
    ],
    200,
  )
  console.log(summary(kills))
  expect(kills.length).toBeGreaterThanOrEqual(200)
  for (const call of ['fsync .state.json.*.tmp', 'rename .state.json.*.tmp']) {
    expect(kills.filter((kill) => kill.call === call).length, call).toBeGreaterThanOrEqual(5)
  }
}, 3_600_000)
