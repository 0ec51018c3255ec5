/** Commands that take a slot some time: `load`, `unload`, `restart`, `swap`, `cancel`. */
import type { Slot } from '../../../contract/slot-config.ts'
import { Absence } from '../../api/absence.ts'
import { type ExitCode, exitCode } from '../../terminal/exit-code.ts'
import { catchInterrupt, Interrupted } from '../../terminal/interrupt.ts'
import { printJson, say, talk } from '../../terminal/output.ts'
import { StatusLine } from '../../terminal/status-line.ts'
import { style } from '../../terminal/style.ts'
import { awaitSlot, type SlotGoal } from './await-slot.ts'
import { stateCell } from './progress.ts'

/** Longest wait that the API allows, seconds. */
export const longestWaitS = 86_400

/** The flag that all these commands have. */
export const waitFlag = {
  wait: { type: 'boolean', default: true, negativeDescription: 'Return as soon as the slot has accepted the command' },
} as const

export const nameArgument = {
  type: 'positional',
  required: true,
  description: 'Name of the slot',
  completes: 'slot',
} as const

interface SlotCommand {
  name: string
  wait: boolean
  json: boolean
  goal: SlotGoal
  /** What the slot does after the user stops waiting, e.g. `keeps loading`. */
  meanwhile: string
  /** The command that undoes it, if there is one. */
  undo?: string
  send(options: { query?: { wait: number }; signal: AbortSignal; noTimeout: true }): Promise<Slot>
}

/** Sends the command, shows its progress, and prints the resulting state of the slot. */
export const runSlotCommand = async ({
  name,
  wait,
  json,
  goal,
  meanwhile,
  undo,
  send,
}: SlotCommand): Promise<ExitCode> => {
  using interrupt = catchInterrupt()
  const { signal } = interrupt
  const line = new StatusLine()
  const absence = new Absence(() => line.clear())
  try {
    const slot = wait
      ? await awaitSlot({
          name,
          goal,
          line,
          prefix: `${name}: `,
          absence,
          signal,
          send: () => send({ query: { wait: longestWaitS }, signal, noTimeout: true }),
        })
      : await send({ signal, noTimeout: true })
    if (json) printJson(slot)
    else say(describeSlot(slot))
    return exitCode.done
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    if (absence.isGone) {
      talk.log(`The daemon is still gone. Once it is back, see what became of ${name}: hal0 slot show ${name}`)
      return exitCode.interrupted
    }
    talk.log(`${name} ${meanwhile} in the daemon. Follow it with: hal0 slot watch ${name}`)
    if (undo !== undefined) talk.log(`Cancel it with: ${undo}`)
    return exitCode.interrupted
  }
}

/** e.g. `primary is ready with qwen2.5-0.5b-instruct-q4_k_m.` */
export const describeSlot = ({ state, config }: Slot): string => {
  const cell = stateCell(state.state)
  const model = state.model ?? config.model
  const holds = model !== null && state.state !== 'offline' && state.state !== 'error'
  return `${state.name} is ${style(process.stdout, cell.as, cell.text)}${holds ? ` with ${model}` : ''}.`
}
