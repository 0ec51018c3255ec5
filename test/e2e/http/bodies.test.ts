/** What large bodies cost the compiled daemon. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { Daemon } from '../../support/daemon.ts'
import { until } from '../../support/until.ts'
import { startStandIn } from '../stand-in-slot.ts'

setDefaultTimeout(120_000)

const mebibyte = 1 << 20
const filling = Buffer.alloc(mebibyte, 'y')
const bodies = 24
const bodyMib = 60
/** Of hal0.toml's default. */
const memoryMib = 256

const memoryOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

/** Sends a body of `mib` MiB. @returns the status of the answer */
const send = (daemon: Daemon, model: string, mib: number): Promise<number> =>
  new Promise((resolve) => {
    const [head, tail] = [`{"model":"${model}","x":"`, '"}']
    let text = ''
    let left = mib
    const socket = connect(Number(new URL(daemon.url).port), '127.0.0.1')
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      if (text.includes('\r\n\r\n')) socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(Number(text.slice(9, 12))))
    const length = head.length + mib * mebibyte + tail.length
    socket.write(
      `POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${head}`,
    )
    const more = (): void => {
      for (; left > 0; left--) if (!socket.write(filling)) break
      if (left === 0) socket.write(tail)
      left--
    }
    socket.on('drain', more)
    more()
  })

/** The result of `work`, and the most memory that the daemon used in the meantime, MiB. */
const watched = async <T>(pid: number, work: Promise<T>): Promise<{ outcome: T; peak: number }> => {
  let peak = 0
  const timer = setInterval(() => {
    peak = Math.max(peak, memoryOf(pid))
  }, 10)
  const outcome = await work
  clearInterval(timer)
  return { outcome, peak }
}

test('many large bodies at once stay within the memory for them, which is given back afterwards', async () => {
  const { daemon } = await startStandIn()
  await daemon.load()
  const { pid } = daemon
  expect(await send(daemon, 'primary', 1)).toBe(200)
  const before = memoryOf(pid)
  const all = (model: string) => Promise.all(Array.from({ length: bodies }, () => send(daemon, model, bodyMib)))

  const known = await watched(pid, all('primary'))
  expect(new Set(known.outcome)).toEqual(new Set([200, 503]))
  expect(known.outcome.filter((status) => status === 200).length).toBeGreaterThanOrEqual(4)
  expect(known.peak - before).toBeLessThan(memoryMib + 150)
  await until('the memory is given back', () => memoryOf(pid) - before < 40, 30_000)

  const unknown = await watched(pid, all('nobody'))
  expect(new Set(unknown.outcome)).toEqual(new Set([404]))
  expect(unknown.peak - before).toBeLessThan(150)
  await until('the memory is given back', () => memoryOf(pid) - before < 40, 30_000)
})
