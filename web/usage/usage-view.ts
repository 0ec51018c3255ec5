/** How to call the API, with the address and model names of this machine. */
import { endpoints } from '../../src/contract/endpoints.ts'
import type { SlotRecord } from '../../src/contract/slot.ts'
import { byId, element } from '../dom.ts'
import { moodOf } from '../slots/slot-text.ts'

const curl = (model: string): string =>
  [
    `curl ${location.origin}${endpoints.chatCompletions.paths[0]} \\`,
    "  -H 'Content-Type: application/json' \\",
    `  -d '${JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello!' }] })}'`,
  ].join('\n')

/** Prefers a slot that can answer now. */
export const exampleModel = (records: readonly SlotRecord[]): string =>
  (records.find(({ state }) => moodOf(state) === 'good') ?? records[0])?.name ?? 'primary'

let shown = ''

export const showUsage = (records: readonly SlotRecord[]): void => {
  const command = curl(exampleModel(records))
  if (command === shown) return
  shown = command
  byId('usage').replaceChildren(
    element(
      'p',
      {},
      'Every client of the OpenAI API works: base URL ',
      element('code', {}, `${location.origin}/v1`),
      ', any API key, and the name of a slot as the model.',
    ),
    element('pre', { tabindex: '0', 'aria-label': 'Example call' }, element('code', {}, command)),
  )
}
