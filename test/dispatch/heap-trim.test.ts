import { expect, test } from 'bun:test'
import { HeapTrim } from '../../src/dispatch/heap-trim.ts'

const quietMs = 20

const traffic = (trim: HeapTrim, requests: number, bytes = 0): void => {
  for (let request = 0; request < requests; request++) {
    trim.began()
    trim.ended(bytes)
  }
}

test('memory is given back once, when a burst is over', async () => {
  let times = 0
  const collected = Promise.withResolvers<void>()
  const trim = new HeapTrim({
    quietMs,
    collect: () => {
      times++
      collected.resolve()
    },
  })
  traffic(trim, 2000)
  expect(times).toBe(0)
  await collected.promise
  traffic(trim, 10)
  await Bun.sleep(quietMs * 4)
  expect(times).toBe(1)
})

test('memory is left alone while a request runs, and after a few requests', async () => {
  let times = 0
  const trim = new HeapTrim({ quietMs, collect: () => times++ })
  traffic(trim, 10)
  await Bun.sleep(quietMs * 4)
  expect(times).toBe(0)
  trim.began()
  traffic(trim, 2000)
  await Bun.sleep(quietMs * 4)
  expect(times).toBe(0)
  trim.ended(0)
  await Bun.sleep(quietMs * 4)
  expect(times).toBe(1)
})

test('memory is given back after a few requests too, when their bodies were large', async () => {
  const collected = Promise.withResolvers<void>()
  const trim = new HeapTrim({ quietMs, collect: () => collected.resolve() })
  traffic(trim, 4, 8 * 1024 * 1024)
  await collected.promise
})
