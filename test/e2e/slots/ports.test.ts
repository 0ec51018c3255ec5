/** Somebody else has the slot's port: before the load, between the start and the bind, and while no daemon runs. */
import { expect, onTestFinished, setDefaultTimeout, test } from 'bun:test'
import { Daemon, errorOf, isAlive, killNow } from '../../support/daemon.ts'
import { testWith } from '../../support/part.ts'
import { realEngine } from '../../support/real-engine.ts'
import { SlotWatch } from '../../support/slot-watch.ts'
import { setBehaviour, standInEventsOf } from '../../support/stand-in-llama.ts'
import { tinyModel } from '../../support/tiny-model.ts'
import { until } from '../../support/until.ts'
import { startStandIn } from '../stand-in-slot.ts'

setDefaultTimeout(60_000)

const withEngine = testWith('python3 on PATH', Bun.which('python3') !== null)

/** A program that answers like a healthy backend, and remembers who asked. */
const startThief = (port: number, { hostname = '127.0.0.1', reusePort = false } = {}) => {
  const met: string[] = []
  const server = Bun.serve({
    hostname,
    port,
    reusePort,
    fetch(request) {
      met.push(`${request.method} ${new URL(request.url).pathname}`)
      return Response.json({ data: [{ id: 'tiny' }], choices: [{ message: { content: 'stolen' }, text: 'stolen' }] })
    },
  })
  const end = () => server.stop(true)
  onTestFinished(end)
  /** Requests that clients would have sent; the probe's GET is not one of them. */
  const robbed = () => met.filter((request) => request.startsWith('POST'))
  return { end, robbed }
}

for (const hostname of ['127.0.0.1', '0.0.0.0']) {
  test(`a port that another program has on ${hostname} before the load is slot.port_in_use, and nothing is started`, async () => {
    const { daemon, program } = await startStandIn()
    const { port } = await daemon.state()
    const thief = startThief(port, { hostname })
    const error = errorOf(await daemon.command('primary', 'load'))
    expect(error).toMatchObject({ code: 'slot.port_in_use', details: { port, pid: process.pid } })
    expect(standInEventsOf(program, 'start')).toEqual([])
    expect(errorOf(await daemon.chat()).code).toBe('slot.port_in_use')
    expect(thief.robbed()).toEqual([])
    await thief.end()
    await daemon.load()
    expect((await daemon.chat()).status).toBe(200)
  })
}

test('a port taken after the start, before the backend could bind it, is slot.port_in_use', async () => {
  const { daemon, program, watch } = await startStandIn({ no_listen: true }, { load: 'on-demand' })
  const { port } = await daemon.state()
  const waiting = daemon.chat()
  await watch.untilState('starting')
  await until('it runs', () => standInEventsOf(program, 'start').length === 1)
  const thief = startThief(port)
  const { record } = await watch.untilState('error')
  expect(record.error).toMatchObject({ code: 'slot.port_in_use', details: { port, pid: process.pid } })
  expect(errorOf(await waiting).code).toBe('slot.port_in_use')
  expect(thief.robbed()).toEqual([])
  await until('the backend is ended', () => daemon.backends().length === 0)
})

test('a backend that ends because its port was taken in between is slot.port_in_use, not a crash', async () => {
  const { daemon, program, watch } = await startStandIn({ open_port_late: true, load_ms: 600 })
  const { port } = await daemon.state()
  await daemon.command('primary', 'load', null)
  await until('it runs', () => standInEventsOf(program, 'start').length === 1)
  // It accepts and never says a word, so that the probe learns nothing from it.
  const mute = Bun.listen({ hostname: '127.0.0.1', port, exclusive: true, socket: { data() {} } })
  onTestFinished(() => mute.stop(true))
  const { record } = await watch.untilState('error')
  expect(record.error?.code).toBe('slot.port_in_use')
})

test('a port that changed hands while no daemon ran: the thief is never taken for the backend', async () => {
  const { daemon } = await startStandIn()
  const pid = await daemon.load()
  const { port } = await daemon.state()
  await daemon.kill()
  killNow(pid)
  await until('it has ended', () => !isAlive(pid))
  const thief = startThief(port)
  await daemon.launch()
  expect((await daemon.state()).state).toBe('error')
  expect((await daemon.chat()).status).toBe(503)
  expect(errorOf(await daemon.command('primary', 'load')).code).toBe('slot.port_in_use')
  expect(thief.robbed()).toEqual([])
})

test('a backend that lost its port to another while no daemon ran is in error after the restart', async () => {
  const { daemon, program } = await startStandIn({ no_listen: true })
  await daemon.command('primary', 'load', null)
  const { port } = await daemon.state()
  await until('it runs', () => standInEventsOf(program, 'start').length === 1)
  await daemon.kill()
  const thief = startThief(port)
  await daemon.launch()
  const watch = await SlotWatch.open(daemon)
  const { record } = await watch.untilState('error')
  expect(record.error?.code).toBe('slot.port_in_use')
  expect(thief.robbed()).toEqual([])
})

test('two slots cannot get the same port', async () => {
  const { daemon, program } = await startStandIn()
  const { port } = await daemon.state()
  const second = await daemon.call('POST', '/api/slots', { name: 'second', model: 'tiny', engine: program, port })
  expect(errorOf(second)).toMatchObject({ code: 'slot.port_in_use', param: 'port', details: { port, slot: 'primary' } })
  expect(second.status).toBe(409)
})

test('the lowest free port is allocated, one that somebody listens on is skipped, and none left is slot.no_port', async () => {
  const daemon = await Daemon.start()
  const thief = startThief(daemon.slotPort + 1)
  const ports: number[] = []
  for (let index = 0; index < 7; index++) {
    const { config } = await daemon.addSlot(await tinyModel(), { name: `s${index}` })
    ports.push(config.port)
  }
  const first = daemon.slotPort
  expect(ports).toEqual([0, 2, 3, 4, 5, 6, 7].map((offset) => first + offset))
  expect(errorOf(await daemon.call('POST', '/api/slots', { name: 'more' })).code).toBe('slot.no_port')
  await daemon.must('DELETE', '/api/slots/s3')
  expect((await daemon.addSlot(await tinyModel(), { name: 'again' })).config.port).toBe(first + 4)
  expect(thief.robbed()).toEqual([])
})

for (const reusePort of [false, true]) {
  withEngine(
    `with the real llama.cpp a port stolen between start and bind${reusePort ? ', to be shared with it,' : ''} is slot.port_in_use`,
    async () => {
      const daemon = await Daemon.start()
      await daemon.addSlot(await tinyModel(), { name: 'primary', engine: await realEngine(), load: 'on-demand' })
      const { port } = await daemon.state()
      const watch = await SlotWatch.open(daemon)
      const waiting = daemon.chat()
      await watch.untilState('starting')
      // Python and llama.cpp take longer to come up than this takes.
      const thief = startThief(port, { reusePort })
      const { record } = await watch.untilState('error', { limitMs: 20_000 })
      expect(record.error?.code).toBe('slot.port_in_use')
      expect(errorOf(await waiting).code).toBe('slot.port_in_use')
      expect(thief.robbed()).toEqual([])
    },
  )
}

test('the port of a slot can be changed after a theft, and the slot loads', async () => {
  const { daemon, program } = await startStandIn()
  const { port } = await daemon.state()
  startThief(port)
  await daemon.command('primary', 'load')
  await daemon.must('PATCH', '/api/slots/primary', { port: port + 3 })
  setBehaviour(program, {})
  await daemon.load()
  expect((await daemon.state()).port).toBe(port + 3)
  expect((await daemon.chat()).status).toBe(200)
})
