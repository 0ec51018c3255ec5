/** How long after it is true `ready` is noticed. The figures are printed; the bound is loose, since the machine may be busy. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { standInEventsOf } from '../../support/stand-in-llama.ts'
import { startStandIn } from '../stand-in-slot.ts'

setDefaultTimeout(60_000)

/** Spec §2.2: within 50 ms or 5 % of the load time, whichever is larger. */
const allowedMs = (loadMs: number) => Math.max(50, loadMs * 0.05)
/** For the sentinel's inference and for a machine that does other things too. */
const looseness = 3

for (const load_ms of [0, 100, 700, 3000]) {
  for (const open_port_late of [false, true]) {
    test(`ready is noticed soon after a load of ${load_ms} ms${open_port_late ? ' by a backend that opens its port late' : ''}`, async () => {
      const { daemon, program, watch } = await startStandIn({ load_ms, open_port_late })
      await daemon.load()
      const { record } = await watch.untilState('ready')
      const [ready] = standInEventsOf(program, 'ready')
      const lagMs = Date.parse(record.since) - (ready?.at ?? 0)
      console.log(
        `load of ${load_ms} ms${open_port_late ? ', port late' : ''}: noticed ${lagMs} ms after (allowed: ${allowedMs(load_ms)})`,
      )
      expect(lagMs).toBeLessThanOrEqual(allowedMs(load_ms) * looseness)
      expect(lagMs).toBeGreaterThanOrEqual(0)
    })
  }
}
