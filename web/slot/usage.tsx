/** How to call the slot, with the address of this machine. */
import { apiBase } from '../data/address.ts'
import type { KnownSlot } from '../data/state.ts'
import { CodeBlock } from '../ui/text/code-block.tsx'
import { CopyButton } from '../ui/text/copy-button.tsx'
import { modeOf } from '../words/slot-mode.ts'
import { type Snippet, snippetsOf } from './snippets.ts'
import { texts } from './texts.ts'

const Example = ({ title, text }: Snippet) => (
  <section class="section">
    <div class="page-head">
      <h2>{title}</h2>
      <CopyButton text={text} what={title} />
    </div>
    <CodeBlock label={title}>{text}</CodeBlock>
  </section>
)

export const Usage = ({ slot }: { slot: KnownSlot }) => {
  const base = apiBase()
  const { name } = slot.record
  return (
    <div id="usage">
      <p>{texts.use.intro}</p>
      <dl class="facts">
        <dt>Base URL</dt>
        <dd>
          <code>{base}</code>
        </dd>
        <dt>Model</dt>
        <dd>
          <code>{name}</code>
        </dd>
      </dl>
      <p class="quiet">{texts.use.key}</p>
      {snippetsOf({ base, model: name, mode: modeOf(slot) }).map((snippet) => (
        <Example key={snippet.title} {...snippet} />
      ))}
    </div>
  )
}
