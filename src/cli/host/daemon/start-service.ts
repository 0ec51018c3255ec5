/** Starts the daemon that is installed as a service. */
import { type HealthPort, waitHealthy } from '../../../install/service/health.ts'
import { readServiceState } from '../../../install/service/service-state.ts'
import { daemonAnswers } from '../../../system/daemon-answers.ts'
import { apiUnit, type HostingCommands } from '../../../system/systemd/hosting.ts'
import { lastWords } from '../../../system/systemd/last-words.ts'
import { makeSystemctl, type Scope } from '../../../system/systemd/unit/systemctl.ts'
import { exitCode } from '../../terminal/exit-code.ts'
import { Failure } from '../../terminal/failure.ts'
import { talk } from '../../terminal/output.ts'
import { knownDaemon } from '../address/known-daemon.ts'

const systemctlLimitMs = 60_000

/** @throws Failure with the command for whoever may; Hal0Error when it was started and does not answer */
export const startService = async (scope: Scope, commands: HostingCommands): Promise<void> => {
  const systemctl = makeSystemctl(scope, null, systemctlLimitMs)
  const { code, stderr } = await systemctl.run(['start', apiUnit])
  if (code !== 0) {
    throw new Failure(
      exitCode.unreachable,
      'hal0 is installed as a service that does not run, and starting it failed.',
      {
        details: stderr.split('\n').filter((line) => line.trim() !== ''),
        hint: commands.start,
      },
    )
  }
  const port: HealthPort = {
    answers: async () => {
      const daemon = knownDaemon()
      return daemon !== null && (await daemonAnswers(daemon.url))
    },
    state: () => readServiceState(systemctl),
    lastLines: async () => {
      const last = await lastWords(scope)
      return last === null ? [] : [last]
    },
    sleep: (ms) => Bun.sleep(ms),
    now: () => performance.now(),
  }
  await waitHealthy(port)
  talk.log(`hal0 is started: ${commands.start}`)
}
