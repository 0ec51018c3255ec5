/** Whether a slot can be talked to, and what has to happen before. Pure. */
import type { Slot } from '../../contract/slot-config.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { Failure } from '../terminal/failure.ts'
import { hintFor } from '../terminal/hints.ts'
import { answers } from './pick-slot.ts'

const trades: Record<string, string> = {
  embedding: 'makes embeddings',
  rerank: 'ranks texts',
  mmproj: 'is the part of another model that sees pictures',
  stt: 'turns speech into text',
  tts: 'turns text into speech',
}

/**
 * @param kind of the slot or model; null: unknown, which is no reason to refuse
 * @param able what can chat instead, the best first
 * @throws Failure for what cannot chat
 */
export const requireChat = (name: string, kind: string | null, able: readonly string[]): void => {
  if (kind === null || kind === 'chat') return
  throw new Failure(exitCode.failed, `${name} ${trades[kind] ?? `is for ${kind}`}; it cannot chat.`, {
    ...(able.length === 0 ? {} : { details: [`These can: ${able.slice(0, 5).join(', ')}.`] }),
    hint: able[0] === undefined ? 'hal0 model search --catalog chat' : `hal0 run ${able[0]}`,
  })
}

/** `answers`: now. `load`: a load has to be asked for, or is joined; `because` is what a person is told first. */
export type Standing = { kind: 'answers' } | { kind: 'load'; because: string | null }

/**
 * @param may whether a slot is loaded that the next request would not load by itself
 * @throws Failure when the slot cannot answer, with the command that helps
 */
export const standingOf = (
  { config, state }: Pick<Slot, 'config' | 'state'>,
  may: 'load-any' | 'load-on-demand',
): Standing => {
  const { name, load, model } = config
  if (answers({ state })) return { kind: 'answers' }
  if ((state.model ?? model) === null) {
    throw new Failure(exitCode.failed, `${name} has no model.`, { hint: `hal0 slot swap ${name} --model MODEL` })
  }
  const loads = may === 'load-any' || load === 'on-demand'
  switch (state.state) {
    case 'error': {
      const why = state.error?.message ?? 'why is not known'
      if (may === 'load-any') return { kind: 'load', because: `${name} has failed before: ${why} It is loaded again.` }
      const hint = state.error === null ? null : hintFor(state.error.code, name)
      throw new Failure(exitCode.failed, `${name} has failed: ${why}`, { hint: hint ?? `hal0 slot load ${name}` })
    }
    case 'offline':
    case 'unloading':
      if (loads || state.intent === 'load') return { kind: 'load', because: null }
      throw new Failure(
        exitCode.failed,
        `${name} is ${state.state}, and it is loaded only by a command (load is ${load}).`,
        { hint: `hal0 run ${name}` },
      )
    default:
      return { kind: 'load', because: null }
  }
}
