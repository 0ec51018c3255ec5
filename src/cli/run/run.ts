import type { Slot } from '../../contract/slot-config.ts'
import { wholeNumber } from '../arguments.ts'
import { promptOf } from '../chat/prompt.ts'
import { standingOf } from '../chat/standing.ts'
import { requireAnswerable, talkFlags, talkWith } from '../chat/talk.ts'
import { untilReady } from '../chat/until-ready.ts'
import { defineVerb } from '../command.ts'
import { ensureDaemon } from '../host/daemon/ensure-daemon.ts'
import { keepingDaemon } from '../host/daemon/keep-daemon.ts'
import { wordsKnownOffline } from '../host/daemon/known-offline.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { usageError } from '../terminal/failure.ts'
import { catchInterrupt, Interrupted } from '../terminal/interrupt.ts'
import { talk } from '../terminal/output.ts'
import { slotFor } from './slot-for.ts'
import { unknownModel } from './unknown-model.ts'

const model = 'qwen2.5-0.5b-instruct-q4_k_m'
const example = `hal0 run ${model} "Why is the sky blue?"`

interface Wish {
  text: string
  port: number | null
  anyway: boolean
}

/** From whatever there is to a slot that answers. @throws Failure, or Interrupted after the stage has said what goes on */
const prepare = async ({ text, port, anyway }: Wish): Promise<Slot> => {
  using interrupt = catchInterrupt()
  const { signal } = interrupt
  const beforeStart = async (): Promise<void> => {
    const words = text.includes('/') ? [text] : await wordsKnownOffline()
    if (!words.includes(text)) throw unknownModel(text, words)
  }
  await ensureDaemon({ port, signal, beforeStart })
  return await keepingDaemon(async () => {
    const slot = await slotFor({ text, anyway, signal })
    const standing = standingOf(slot, 'load-any')
    if (standing.kind === 'load') {
      if (standing.because !== null) talk.warn(standing.because)
      await untilReady(slot.config.name, signal)
    }
    return slot
  })
}

export default defineVerb({
  about: 'Chat with a model, from nothing: starts, installs, pulls and loads what is missing.',
  more: `MODEL is a slot, a model that is here, an id of the catalog (hal0 model search --catalog), or OWNER/NAME, OWNER/NAME:Q4_K_M or the address of a page of the hub.
The daemon is started where none runs, in the background if hal0 is not installed as a service. A model that no slot has gets a slot of its own, which loads on demand.
With PROMPT, or through a pipe, the answer is printed, and nothing else; with --json as an object {slot, content, thinking}.
Ctrl-C stops what is shown, not what the daemon does; it is said how to stop that.`,
  examples: [`hal0 run ${model}`, example, 'cat letter.txt | hal0 run primary "Make this shorter."'],
  args: {
    model: { type: 'positional', required: true, description: 'What is to answer', completes: 'slot or model' },
    prompt: { type: 'positional', required: false, description: 'What is to be answered, in quotes' },
    ...talkFlags,
    port: {
      type: 'string',
      valueHint: 'PORT',
      description: 'Port of a daemon that has to be started; 8080, or the next free one',
    },
    anyway: { type: 'boolean', description: 'Also a model that does not fit this machine' },
  },
  async run({ args: { model: text, prompt, system = null, port, anyway = false, json = false } }) {
    if (text.trim() === '') throw usageError('MODEL is empty.', example)
    const wish = { text: text.trim(), port: port === undefined ? null : wholeNumber('port', port, 1, 65_535), anyway }
    const question = { prompt: await promptOf(prompt, example), system, json }
    requireAnswerable(question, example)
    let name: string
    try {
      name = (await prepare(wish)).config.name
    } catch (error) {
      if (error instanceof Interrupted) return exitCode.interrupted
      throw error
    }
    const code = await talkWith(name, question)
    if (question.prompt === null) talk.log(`${name} stays loaded. Free its memory with: hal0 stop ${name}`)
    return code
  },
})
