/** Clients that send requests and do not read the answers. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { RawClient } from '../../http/front/raw-client.ts'
import { until } from '../../support/until.ts'
import { startStandIn } from '../stand-in-slot.ts'

setDefaultTimeout(120_000)

const rssMb = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024

test('64 answers that nobody reads take a bounded part of the memory, and give it back', async () => {
  const { daemon } = await startStandIn({ tokens: 60_000 }, { max_in_flight: 64 })
  await daemon.load()
  await daemon.chat()
  const before = rssMb(daemon.pid)
  const body = JSON.stringify({ model: 'primary', messages: [], stream: true, max_tokens: 60_000 })
  const request = `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  const clients = await Promise.all(Array.from({ length: 64 }, () => RawClient.open(daemon.port, false)))
  for (const client of clients) client.send(request)
  let most = 0
  for (let look = 0; look < 40; look++) {
    most = Math.max(most, rssMb(daemon.pid))
    await Bun.sleep(100)
  }
  for (const client of clients) client.close()
  await until('the memory is given back', () => rssMb(daemon.pid) < before + 40, 30_000)
  console.log(
    `64 unread answers: ${before.toFixed(0)} MB before, ${most.toFixed(0)} MB at most, ${rssMb(daemon.pid).toFixed(0)} MB after`,
  )
  expect(most - before).toBeLessThan(100)
})
