/**
 * Streams whose clients leave, in every phase of their answer, leave nothing behind in the daemon: no descriptor, no place, and no
 * memory. 200 of them; 2,000 with HAL0_LONG.
 */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { RawClient } from '../../http/front/raw-client.ts'
import type { Daemon } from '../../support/daemon.ts'
import { standInEventsOf } from '../../support/stand-in-llama.ts'
import { startStandIn } from '../stand-in-slot.ts'

setDefaultTimeout(300_000)

const streams = process.env.HAL0_LONG === '1' ? 2000 : 200
/** At the same time; a slot has 16 places, so that some of them wait. */
const together = 25
/** What the memory of a daemon varies by, however little it does, bytes. */
const slackBytes = 40e6

/** A sample of `/metrics`. */
const metric = (text: string, name: string): number =>
  Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1])

/** Waits until all that was begun has ended. @returns what the daemon holds then */
const settled = async (daemon: Daemon): Promise<{ descriptors: number; memory: number }> => {
  for (;;) {
    const text = await (await fetch(`${daemon.url}/metrics`)).text()
    const busy = metric(text, 'hal0_slot_requests_in_flight') + metric(text, 'hal0_slot_requests_waiting')
    if (busy === 0) {
      return {
        descriptors: metric(text, 'process_open_fds'),
        memory: metric(text, 'process_resident_memory_bytes'),
      }
    }
    await Bun.sleep(20)
  }
}

const body = JSON.stringify({ model: 'primary', messages: [], stream: true })
const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
const tokens = (client: RawClient): number => client.text.split('data: ').length - 1

/** How far a client goes before it leaves. */
const phases: ((client: RawClient) => Promise<unknown>)[] = [
  async (client) => client.send(head.slice(0, 40)),
  async (client) => client.send(head + body.slice(0, 10)),
  async (client) => client.send(head + body),
  async (client) => client.send(head + body).until(() => client.text.includes('\r\n\r\n')),
  async (client) => client.send(head + body).until(() => tokens(client) >= 1),
  async (client) => client.send(head + body).until(() => tokens(client) >= 3),
  async (client) => client.send(head + body).until(() => client.text.includes('data: [DONE]')),
]

test(`${streams} streams whose clients leave leave no descriptor, no place and no memory behind`, async () => {
  const { daemon, program } = await startStandIn({ tokens: 40, token_ms: 10 }, { max_in_flight: 16 })
  await daemon.load()
  const leave = async (index: number): Promise<void> => {
    const client = await RawClient.open(daemon.port)
    await phases[index % phases.length]?.(client)
    client.close()
  }
  const leaveAll = async (count: number): Promise<void> => {
    for (let at = 0; at < count; at += together) {
      await Promise.all(Array.from({ length: Math.min(together, count - at) }, (_, index) => leave(at + index)))
    }
  }
  // The first ones make what is kept for the next: connections to the backend, memory of the heap.
  await leaveAll(2 * together)
  const before = await settled(daemon)
  await leaveAll(streams)
  const after = await settled(daemon)
  console.log(`before ${JSON.stringify(before)}, after ${streams} aborted streams ${JSON.stringify(after)}`)
  // The connections to the backend that are kept, and one of this client.
  expect(after.descriptors).toBeLessThanOrEqual(before.descriptors + 17)
  expect(after.memory).toBeLessThan(before.memory + slackBytes)
  // Nobody waits for a place that is not given back: as many as ever are served at once.
  const answers = await Promise.all(Array.from({ length: 16 }, () => daemon.chat({ max_tokens: 1 })))
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  expect(standInEventsOf(program, 'aborted').length).toBeGreaterThan(0)
  expect((await daemon.state()).state).toBeOneOf(['serving', 'ready'])
})
