/**
 * A storm over four slots: loads, swaps, pulls, edits by API and by hand, kill -9 of the daemon and of backends, all at once, while
 * state.json, the events, the API, the CLI and /proc are compared. Ten minutes in the long run.
 */
import { expect, onTestFinished, setDefaultTimeout } from 'bun:test'
import { join } from 'node:path'
import { seeded } from '../models/pull/seeded.ts'
import { Daemon } from '../support/daemon.ts'
import { FakeHub } from '../support/fake-hub/fake-hub.ts'
import { testWith } from '../support/part.ts'
import { realEngine } from '../support/real-engine.ts'
import { makeStandIn } from '../support/stand-in-llama.ts'
import { tinyModel } from '../support/tiny-model.ts'
import { killDaemons, Puller, SlotUser, type Storm } from './actors.ts'
import { Evidence } from './evidence.ts'
import { observe } from './observers.ts'

const seconds = process.env.HAL0_LONG === '1' ? 600 : 20
setDefaultTimeout((seconds + 240) * 1000)

const repo = 'acme/storm-GGUF'
const withEngine = testWith('python3 on PATH', Bun.which('python3') !== null)

withEngine('in a storm no two views differ for longer than a second, and nothing acknowledged is lost', async () => {
  const seed = Number(process.env.HAL0_SEED ?? Math.floor(Math.random() * 2 ** 31))
  console.log(`HAL0_SEED=${seed}, ${seconds} s`)
  const tiny = await tinyModel()
  const large = await tinyModel('chat', { layers: 16, width: 256 })
  const content = new Uint8Array(await Bun.file(large).arrayBuffer())
  const files = ['storm-Q4_K_M.gguf', 'storm-Q8_0.gguf']
  const hub = await FakeHub.start({ repos: [{ id: repo, files: files.map((path) => ({ path, content })) }] })
  onTestFinished(() => hub.stop())
  hub.behave = ({ kind }) => (kind === 'cdn' ? { bytesPerSecond: 20_000_000 } : null)
  const daemon = await Daemon.start({
    env: { HF_ENDPOINT: hub.url, HOME: '/nonexistent', HF_HOME: '/nonexistent', NO_PROXY: '127.0.0.1' },
  })
  const engines = {
    quick: makeStandIn(join(daemon.root, 'quick')),
    slow: makeStandIn(join(daemon.root, 'slow'), { load_ms: 800, token_ms: 20 }),
    stubborn: makeStandIn(join(daemon.root, 'stubborn'), { load_ms: 100, hang_on_sigterm: true }),
    real: await realEngine(),
  }
  const models = ['tiny', 'other']
  for (const [id, path] of [
    ['tiny', tiny],
    ['other', large],
  ]) {
    await daemon.must('POST', '/api/models', { id, path, link: true })
  }
  let ended = false
  const storm: Storm = { daemon, random: seeded(seed), over: () => ended, faults: [], done: {} }
  const users: SlotUser[] = []
  for (const [name, engine] of Object.entries(engines)) {
    const onDemand = name === 'quick'
    const load = onDemand ? 'on-demand' : 'manual'
    await daemon.must('POST', '/api/slots', { name, model: 'tiny', engine, load, restart: 'on-failure' })
    users.push(new SlotUser(storm, name, { models, onDemand }))
  }
  const puller = new Puller(storm, repo, files)
  const evidence = new Evidence()
  let settled = false
  const observing = observe(daemon, evidence, () => settled)
  const acting = Promise.all([
    ...users.map((user) => user.run()),
    puller.run(),
    killDaemons(storm, 4000, (at) => evidence.daemonDied(at)),
  ])
  try {
    await Promise.race([Bun.sleep(seconds * 1000), acting])
    ended = true
    await acting
    await Promise.all([...users.map((user) => user.settle()), puller.settle()])
  } finally {
    ended = true
    settled = true
    await observing
  }
  console.log(
    JSON.stringify({ done: storm.done, looks: evidence.looks, records: evidence.records, pulls: puller.accepted.size }),
  )
  expect(evidence.contradictions).toEqual([])
  expect(storm.faults).toEqual([])
  expect(evidence.records).toBeGreaterThan(seconds)
})
