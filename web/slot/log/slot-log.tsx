/** What the backend prints, live: searched, paused and downloaded. */
import { useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { call } from '../../data/api.ts'
import { Button } from '../../ui/button.tsx'
import { saveFile } from '../../ui/text/save-file.ts'
import { texts } from '../texts.ts'
import { type LogLine, LogLines } from './log-lines.ts'

const words = texts.log
/** How far from the end a reader still counts as being there, pixels. */
const nearEnd = 24
const downloadedLines = 10_000

const download = async (name: string): Promise<void> => {
  const lines = await call('slotLogs', { params: { name }, query: { lines: downloadedLines } })
  saveFile(`${name}.log`, 'text/plain', lines.map((line) => `${line}\n`).join(''))
}

const empty = (lines: readonly LogLine[]): string => (lines.length === 0 ? words.empty : words.noMatch)

export const SlotLog = ({ name }: { name: string }) => {
  const log = useMemo(() => new LogLines(name), [name])
  useEffect(() => () => log.close(), [log])
  const search = useSignal('')
  /** What was there when it was paused; null: it is live. */
  const paused = useSignal<readonly LogLine[] | null>(null)
  const box = useRef<HTMLDivElement>(null)
  const isAtEnd = useRef(true)
  const lines = paused.value ?? log.lines.value
  const part = search.value.toLowerCase()
  const shown = part === '' ? lines : lines.filter(({ text }) => text?.toLowerCase().includes(part))
  const behind = paused.value === null ? 0 : (log.lines.value.at(-1)?.id ?? 0) - (paused.value.at(-1)?.id ?? 0)
  useLayoutEffect(() => {
    if (isAtEnd.current && box.current !== null) box.current.scrollTop = box.current.scrollHeight
  })
  return (
    <section>
      <div class="log-tools">
        <input
          class="input"
          type="search"
          aria-label={words.search}
          placeholder={words.search}
          value={search.value}
          onInput={({ currentTarget }) => {
            search.value = currentTarget.value
          }}
        />
        <Button
          onPress={() => {
            paused.value = paused.value === null ? log.lines.value : null
          }}
        >
          {paused.value === null ? words.pause : words.resume}
        </Button>
        <Button onPress={() => download(name)}>{words.download}</Button>
        {behind > 0 && <span class="quiet">{words.behind(behind)}</span>}
      </div>
      <div
        ref={box}
        class="log"
        role="log"
        aria-label={words.label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it.
        tabIndex={0}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          isAtEnd.current = scrollHeight - scrollTop - clientHeight < nearEnd
        }}
      >
        {shown.length === 0 && <p class="quiet">{empty(lines)}</p>}
        {shown.map(({ id, text }) => (
          <div key={id} class={text === null ? 'gap' : ''}>
            {text ?? words.gap}
          </div>
        ))}
      </div>
    </section>
  )
}
