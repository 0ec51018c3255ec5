/** A daemon with a low limit of open files. */
import { expect, setDefaultTimeout } from 'bun:test'
import { readFileSync } from 'node:fs'
import { RawClient } from '../../http/front/raw-client.ts'
import { testWith } from '../../support/part.ts'
import { until } from '../../support/until.ts'
import { startStandIn } from '../stand-in-slot.ts'

setDefaultTimeout(60_000)
const test = testWith('prlimit', Bun.which('prlimit') !== null)

/** Seconds of processor time that a process has used. */
const cpuOf = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Connects `count` clients. @returns those that got through */
const opened = async (port: number, count: number): Promise<RawClient[]> => {
  const attempts = await Promise.allSettled(Array.from({ length: count }, () => RawClient.open(port)))
  return attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []))
}

for (const limit of [40, 64, 128]) {
  test(`of ${limit} goes on: it closes idle connections, refuses further ones, and sees its backend die`, async () => {
    const { daemon } = await startStandIn({}, { restart: 'never' })
    await daemon.kill()
    await daemon.launch(['prlimit', `--nofile=${limit}:${limit}`])
    const pid = await daemon.load()
    const began = performance.now()

    // Idle ones make room for new ones.
    const idle: RawClient[] = []
    for (let round = 0; round < limit; round++) idle.push(...(await opened(daemon.port, 1)))
    await until('the first ones are not fresh any more', () => performance.now() - began > 1000)
    expect((await daemon.chat()).status).toBe(200)
    expect((await daemon.status()).problems.join()).toContain('LimitNOFILE')
    expect(idle.some(({ ended }) => ended)).toBe(true)
    for (const client of idle) client.close()

    // Busy ones do not: those beyond the limit are told so.
    const busy = await opened(daemon.port, limit)
    for (const client of busy) client.send('GET /api/slots/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await until('each is answered or closed', () => busy.every(({ text, ended }) => text !== '' || ended))
    const served = busy.filter(({ statuses }) => statuses[0] === 200)
    expect(served.length).toBeGreaterThan(1)
    expect(busy.some(({ text }) => text.includes('"code":"daemon.busy"'))).toBe(true)
    const before = cpuOf(daemon.pid)
    process.kill(pid, 'SIGKILL')
    const [first] = served
    await first?.until(() => first.text.includes('"state":"error"'))
    await Bun.sleep(1000)
    expect(cpuOf(daemon.pid) - before).toBeLessThan(0.7)
    for (const client of busy) client.close()
    // Until it has seen them go.
    while ((await daemon.call('GET', '/api/health')).status === 503) await Bun.sleep(10)
    await daemon.load()
    expect((await daemon.chat()).status).toBe(200)
  })
}
