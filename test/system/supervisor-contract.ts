/** The contract of every supervisor, tested with real processes. Each implementation runs the same tests. */
import { describe } from 'bun:test'
import { adoptContract } from './contract/adopt.ts'
import { deathContract } from './contract/death.ts'
import { familyContract } from './contract/family.ts'
import { type MakeHarness, useSupervisor } from './contract/fixture.ts'
import { lifeContract } from './contract/life.ts'
import { logsContract } from './contract/logs.ts'
import { portOwnerContract } from './contract/port-owner.ts'
import { startContract } from './contract/start.ts'
import { stopContract } from './contract/stop.ts'

export const supervisorContract = (title: string, makeHarness: MakeHarness): void => {
  describe(`${title} keeps the supervisor's contract:`, () => {
    const at = useSupervisor(makeHarness)
    lifeContract(at)
    startContract(at)
    deathContract(at)
    stopContract(at)
    familyContract(at)
    adoptContract(at)
    portOwnerContract(at)
    logsContract(at)
  })
}
