/** The registry. */
import type { Model } from '../../src/contract/models/model.ts'
import { verdictWords } from '../../src/contract/models/verdict.ts'
import { bytes, count, totalSize } from '../../src/lib/figures.ts'
import { byId, element } from '../dom.ts'

const columns: readonly { title: string; value: (model: Model) => string; figure?: boolean }[] = [
  { title: 'Model', value: ({ id }) => id },
  { title: 'Kind', value: ({ kind }) => kind },
  { title: 'Architecture', value: ({ architecture }) => architecture ?? '–' },
  { title: 'Weights', value: ({ parameters }) => (parameters === null ? '–' : count(parameters)), figure: true },
  { title: 'Quantisation', value: ({ quantization }) => quantization ?? '–' },
  {
    title: 'Context',
    value: ({ context_length }) => (context_length === null ? '–' : context_length.toLocaleString('en')),
    figure: true,
  },
  { title: 'Size', value: ({ files }) => bytes(totalSize(files)), figure: true },
  { title: 'This machine', value: ({ fit }) => (fit === null ? 'unknown' : verdictWords[fit.verdict]) },
]

const row = (model: Model): HTMLElement =>
  element(
    'tr',
    {},
    ...columns.map(({ title, value, figure }) =>
      element('td', { 'data-title': title, ...(figure === true ? { class: 'figure' } : {}) }, value(model)),
    ),
  )

export const showModels = (models: readonly Model[]): void => {
  if (models.length === 0) {
    byId('models').replaceChildren(
      element(
        'p',
        { class: 'empty' },
        'No models yet. Pull one above, or import a file that you have: ',
        element('code', {}, 'hal0 model import FILE.gguf'),
      ),
    )
    return
  }
  const head = columns.map(({ title, figure }) =>
    element('th', { scope: 'col', ...(figure === true ? { class: 'figure' } : {}) }, title),
  )
  byId('models').replaceChildren(
    element('table', {}, element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...models.map(row))),
  )
}
