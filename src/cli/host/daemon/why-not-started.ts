/** Why a daemon that was started in the background does not answer, as far as this machine says. */
import { diskSpace } from '../../../system/hardware/disk-space.ts'
import { exitCode } from '../../terminal/exit-code.ts'
import { Failure } from '../../terminal/failure.ts'
import { type Background, tailOf } from './background.ts'

/** A start writes less than this. */
const neededBytes = 1 << 20

/** On a full disk its log stays empty. */
const isFull = async (data: string): Promise<boolean> => {
  try {
    return (await diskSpace(data)).free < neededBytes
  } catch {
    // What the disk does not say is not the reason that is told.
    return false
  }
}

/** @param data the data folder */
export const whyItEnded = async (data: string, { log, exited }: Background): Promise<Failure> => {
  const details = await tailOf(log)
  if (await isFull(data)) {
    return new Failure(exitCode.failed, `hal0 did not start: the disk that holds ${data} is full.`, {
      details,
      hint: `df -h ${data}; free some space there, then the same command again`,
    })
  }
  if (details.length > 0) {
    return new Failure(exitCode.failed, 'hal0 did not start; it printed last:', { details, hint: `less ${log}` })
  }
  return new Failure(exitCode.failed, `hal0 did not start, and printed nothing (exit status ${await exited}).`, {
    hint: 'hal0 serve',
  })
}

/** Of one that still runs. @param waitedMs for how long */
export const whyItIsSilent = async ({ pid, log }: Background, waitedMs: number): Promise<Failure> => {
  const details = await tailOf(log)
  const silence = `hal0 (process ${pid}) does not answer within ${waitedMs / 1000} s`
  return new Failure(exitCode.failed, details.length > 0 ? `${silence}; it printed last:` : `${silence}.`, {
    details,
    hint: `kill ${pid}, then the same command again`,
  })
}
