/** An answer of the model: its thoughts, its words, the tools that it calls, and how fast it came. */
import { duration, milliseconds } from '../../src/lib/figures.ts'
import { slotNamed } from '../data/state.ts'
import { Bar } from '../ui/bar.tsx'
import { Failure } from '../ui/failure.tsx'
import { CodeBlock } from '../ui/text/code-block.tsx'
import { CopyButton } from '../ui/text/copy-button.tsx'
import { Prose } from '../ui/text/prose.tsx'
import { moodOf, progressFraction, shortProgress } from '../words/slot-words.ts'
import type { Reply } from './talk/talk.ts'
import { texts } from './texts.ts'

/** Nothing has come yet: a slot that is cold shows its load here. */
const Waiting = ({ slot }: { slot: string }) => {
  const known = slotNamed(slot)
  const progress = known?.progress ?? null
  if (known === null || progress === null || moodOf(known.record.state) !== 'busy') {
    return <p class="quiet">{texts.waits(slot)}</p>
  }
  return (
    <div class="standing">
      <p>{texts.loads(slot, shortProgress(progress))}</p>
      <Bar part={progressFraction(progress)} label={`Progress of ${slot}`} />
    </div>
  )
}

const Thoughts = ({ reply: { thoughts, figures } }: { reply: Reply }) =>
  thoughts === '' ? null : (
    <details class="thoughts">
      <summary>
        {figures.thought_ms === null ? texts.thinking : texts.thought(duration(figures.thought_ms / 1000))}
      </summary>
      <Prose text={thoughts} />
    </details>
  )

const Under = ({ reply, onAgain }: { reply: Reply; onAgain: () => void }) => {
  const { figures, cut, text } = reply
  return (
    <div class="under">
      {figures.tokens_per_second !== null && <span>{texts.speed(figures.tokens_per_second)}</span>}
      {figures.first_token_ms !== null && <span>{texts.firstToken(milliseconds(figures.first_token_ms))}</span>}
      {figures.tokens !== null && <span>{texts.tokens(figures.tokens)}</span>}
      {cut !== null && <span>{cut === 'stopped' ? texts.stopped : texts.cutOff}</span>}
      {text !== '' && <CopyButton text={text} what={texts.copyAnswer} />}
      <button type="button" onClick={onAgain}>
        {texts.again}
      </button>
    </div>
  )
}

interface AnswerProps {
  reply: Reply
  slot: string
  isRunning: boolean
  onAgain: () => void
}

export const Answer = ({ reply, slot, isRunning, onAgain }: AnswerProps) => {
  const { text, thoughts, tools, problem } = reply
  const isEmpty = text === '' && thoughts === '' && tools.length === 0
  return (
    <article class="turn" aria-label={slot} aria-busy={isRunning}>
      {isRunning && isEmpty && <Waiting slot={slot} />}
      <Thoughts reply={reply} />
      {text !== '' && <Prose text={text} />}
      {tools.map(({ name, arguments: given }, at) => (
        <details key={`${at}-${name}`} class="thoughts">
          <summary>{texts.called(name)}</summary>
          <CodeBlock label={texts.called(name)}>{given}</CodeBlock>
        </details>
      ))}
      <Failure error={problem === null ? null : { message: problem, details: {} }} urgent />
      {!isRunning && <Under reply={reply} onAgain={onAgain} />}
    </article>
  )
}
