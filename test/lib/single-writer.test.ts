import { expect, test } from 'bun:test'
import { Bus } from '../../src/lib/async/bus.ts'
import { Mutex } from '../../src/lib/async/mutex.ts'
import { SingleFlight } from '../../src/lib/async/single-flight.ts'

test('a mutex runs one piece of work at a time, in order, even after a failure', async () => {
  const mutex = new Mutex()
  const log: string[] = []
  const work = (name: string, fails = false) =>
    mutex.run(async () => {
      log.push(`${name} begins`)
      await Promise.resolve()
      log.push(`${name} ends`)
      if (fails) throw new Error(name)
      return name
    })
  const outcomes = await Promise.allSettled([work('a'), work('b', true), work('c')])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})

test('single flight gives all callers the outcome of one piece of work, and forgets it afterwards', async () => {
  const flights = new SingleFlight<number>()
  let runs = 0
  const fly = () => flights.run('key', async () => ++runs)
  expect(await Promise.all([fly(), fly(), fly()])).toEqual([1, 1, 1])
  expect(await fly()).toBe(2)
})

test('a bus reaches every listener, even after one that fails, and none that has unsubscribed', () => {
  const bus = new Bus<number>()
  const heard: string[] = []
  bus.subscribe(() => {
    throw new Error('a defect')
  })
  const leave = bus.subscribe((event) => heard.push(`first ${event}`))
  bus.subscribe((event) => heard.push(`second ${event}`))
  bus.publish(1)
  leave()
  bus.publish(2)
  expect(heard).toEqual(['first 1', 'second 1', 'second 2'])
})
