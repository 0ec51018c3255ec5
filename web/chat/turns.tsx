/** The turns of a conversation, scrolled with the answer as it grows. */
import { useLayoutEffect, useRef } from 'preact/hooks'
import { slotNamed } from '../data/state.ts'
import { Answer } from './answer.tsx'
import { Question } from './question.tsx'
import type { Talk } from './talk/talk.ts'
import { texts } from './texts.ts'

/** How far from the end a reader still counts as being there, pixels. */
const nearEnd = 48

interface TurnsProps {
  talk: Talk | null
  slot: string
  isRunning: boolean
  /** @param at of the question */
  onAgain: (at: number, changed?: string) => void
}

export const Turns = ({ talk, slot, isRunning, onAgain }: TurnsProps) => {
  const box = useRef<HTMLDivElement>(null)
  const isAtEnd = useRef(true)
  const count = talk?.turns.length ?? 0
  // A new question is always shown.
  useLayoutEffect(() => {
    isAtEnd.current = true
  }, [count])
  useLayoutEffect(() => {
    if (isAtEnd.current && box.current !== null) box.current.scrollTop = box.current.scrollHeight
  })
  const turns = talk?.turns ?? []
  const isCold = slotNamed(slot)?.record.state === 'offline'
  return (
    <div
      ref={box}
      class="turns"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it.
      tabIndex={0}
      role="log"
      aria-label={texts.title}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        isAtEnd.current = scrollHeight - scrollTop - clientHeight < nearEnd
      }}
    >
      {turns.length === 0 && (
        <p class="empty">
          {texts.empty(slot)} {isCold && slotNamed(slot)?.config?.load === 'on-demand' && texts.willLoad}
        </p>
      )}
      {turns.map((turn, at) =>
        turn.role === 'user' ? (
          <Question key={at} question={turn} {...(isRunning ? {} : { onEdit: (text: string) => onAgain(at, text) })} />
        ) : (
          <Answer
            key={at}
            reply={turn}
            slot={talk?.slot ?? slot}
            isRunning={isRunning && at === turns.length - 1}
            onAgain={() => onAgain(at - 1)}
          />
        ),
      )}
    </div>
  )
}
