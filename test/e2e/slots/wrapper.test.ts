/** An engine that is a script around the program: offline is reported when the program has ended, not when the script has. */

import { expect, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, renameSync, writeFileSync } from 'node:fs'
import { setBehaviour, standInEventsOf } from '../../support/stand-in-llama.ts'
import { until } from '../../support/until.ts'
import { runs } from '../../system/programs.ts'
import { type StandInSlot, startStandIn } from '../stand-in-slot.ts'

setDefaultTimeout(60_000)

/** How the script runs the program. */
const ways: [string, string][] = [
  ['as its child', '"$0.program" "$@" & wait'],
  ['as its child, in another session and with another environment', 'setsid env -i "$0.program" "$@" & wait'],
]

const wrap = (program: string, script: string): void => {
  renameSync(program, `${program}.program`)
  writeFileSync(program, `#!/bin/sh\n${script}\n`)
  chmodSync(program, 0o755)
}

const startWrapped = async (script: string): Promise<StandInSlot & { pid: number }> => {
  const slot = await startStandIn({ hang_on_sigterm: true })
  wrap(slot.program, script)
  await slot.daemon.load()
  await until('the program runs', () => standInEventsOf(slot.program, 'start').length === 1)
  return { ...slot, pid: standInEventsOf(slot.program, 'start')[0]?.pid ?? 0 }
}

for (const [what, script] of ways) {
  test(`a program that its script runs ${what} has ended when offline is reported`, async () => {
    const { daemon, watch, pid } = await startWrapped(script)
    const from = watch.seen.length
    await daemon.command('primary', 'unload', null)
    await watch.untilState('offline', { from })
    expect(runs(pid)).toBe(false)
    expect((await daemon.call('DELETE', '/api/slots/primary')).status).toBe(204)
  })

  test(`a program that its script runs ${what} is ended when the script dies, before the error can be acknowledged`, async () => {
    const { daemon, program, watch, pid } = await startWrapped(script)
    const { record } = await watch.untilState('ready')
    process.kill(record.pid ?? 0, 'SIGKILL')
    await watch.untilState('error')
    await daemon.command('primary', 'acknowledge', 30)
    expect(runs(pid)).toBe(false)
    setBehaviour(program, {})
    await daemon.load()
    expect((await daemon.chat()).status).toBe(200)
  })
}
