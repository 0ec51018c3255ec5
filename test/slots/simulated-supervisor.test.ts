import { afterEach, beforeEach, describe } from 'bun:test'
import { ignore } from '../system/contract/fixture.ts'
import { type LifeFixture, lifeContract } from '../system/contract/life.ts'
import { SimulatedHost, wellBehaved } from './support/simulated-host.ts'
import { SimulatedSupervisor } from './support/simulated-supervisor.ts'

/** A host whose virtual time passes by itself, so that waits end as they do with real programs. */
const useSimulation = (): LifeFixture => {
  let host: SimulatedHost
  let supervisor: SimulatedSupervisor
  let time: Timer
  beforeEach(() => {
    host = new SimulatedHost()
    supervisor = new SimulatedSupervisor(host)
    time = setInterval(() => void host.clock.advance(10), 1)
  })
  afterEach(() => clearInterval(time))
  return {
    get supervisor() {
      return supervisor
    },
    run: (name, onExit = ignore, manner = 'obeys') => {
      host.behaviour = { ...wellBehaved, ignoresTerm: manner === 'deaf' }
      return supervisor.start({ name, argv: ['/bin/backend'], env: {}, cwd: '/' }, onExit)
    },
    kill: (pid) => host.end(pid),
    runs: (pid) => host.processes.has(pid),
    restartDaemon: () => {
      supervisor.close()
      supervisor = new SimulatedSupervisor(host)
    },
  }
}

describe("The simulated supervisor keeps the supervisor's contract:", () => lifeContract(useSimulation()))
