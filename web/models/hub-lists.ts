/** Lists of what the hub answered, to choose from. All of it is untrusted text. */
import type { HubHit, HubOffer } from '../../src/contract/models/pull.ts'
import { verdictWords } from '../../src/contract/models/verdict.ts'
import { bytes } from '../../src/lib/figures.ts'
import { element } from '../dom.ts'

const hitFacts = ({ downloads, gated, architecture }: HubHit): string =>
  [
    ...(downloads === null ? [] : [`${downloads.toLocaleString('en')} downloads`]),
    ...(architecture === null ? [] : [architecture]),
    ...(gated ? ['gated'] : []),
  ].join(' · ')

/** @param choose called with the repository that was clicked */
export const hitList = (hits: readonly HubHit[], choose: (repo: string) => void): HTMLElement =>
  element(
    'ul',
    { class: 'hits', 'aria-label': 'Repositories' },
    ...hits.map((hit) => {
      const button = element('button', { type: 'button' }, hit.repo)
      button.addEventListener('click', () => choose(hit.repo))
      return element('li', {}, button, element('span', { class: 'quiet' }, hitFacts(hit)))
    }),
  )

const fitWord = ({ fit }: HubOffer): string => (fit === null ? 'unknown' : verdictWords[fit.verdict])

const columns: readonly { title: string; value: (offer: HubOffer) => string; figure?: boolean }[] = [
  { title: 'File', value: ({ file }) => file },
  { title: 'Quantisation', value: ({ quantization }) => quantization ?? '–' },
  {
    title: 'Size',
    value: ({ size, shards }) => (shards === 1 ? bytes(size) : `${bytes(size)} in ${shards} files`),
    figure: true,
  },
  { title: 'This machine', value: fitWord },
]

const action = (offer: HubOffer, pull: (offer: HubOffer) => void): HTMLElement => {
  if (offer.installed) return element('td', { class: 'figure', 'data-title': '' }, 'is here')
  const button = element('button', { type: 'button', 'aria-label': `Pull ${offer.file}` }, 'Pull')
  button.addEventListener('click', () => pull(offer))
  return element('td', { class: 'figure', 'data-title': '' }, button)
}

/** @param pull called with the model whose button was clicked */
export const offerTable = (offers: readonly HubOffer[], pull: (offer: HubOffer) => void): HTMLElement => {
  const head = columns.map(({ title, figure }) =>
    element('th', { scope: 'col', ...(figure === true ? { class: 'figure' } : {}) }, title),
  )
  const row = (offer: HubOffer): HTMLElement =>
    element(
      'tr',
      {},
      ...columns.map(({ title, value, figure }) =>
        element('td', { 'data-title': title, ...(figure === true ? { class: 'figure' } : {}) }, value(offer)),
      ),
      action(offer, pull),
    )
  const last = element('th', { scope: 'col' }, element('span', { class: 'unseen' }, 'Pull'))
  return element(
    'table',
    { 'aria-label': 'Models to pull' },
    element('thead', {}, element('tr', {}, ...head, last)),
    element('tbody', {}, ...offers.map(row)),
  )
}
