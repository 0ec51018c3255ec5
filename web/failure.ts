/** Shows an error on the page. */
import type { ErrorBody } from '../src/contract/error.ts'
import { element } from './dom.ts'

/** Only https: addresses with other schemes could run code, and relative ones would lead to hal0 itself. */
const pageOf = ({ page }: ErrorBody['details']): string | null =>
  typeof page === 'string' && /^https?:\/\//.test(page) ? page : null

/**
 * Shows the message in `target`, with a link to the page where access can be requested if the error names one. null hides it.
 * An unchanged message is left alone, so that the link keeps the keyboard focus.
 */
export const showFailure = (target: HTMLElement, failure: Pick<ErrorBody, 'message' | 'details'> | null): void => {
  target.hidden = failure === null
  const page = failure === null ? null : pageOf(failure.details)
  const key = JSON.stringify([failure?.message, page])
  if (target.dataset.shown === key) return
  target.dataset.shown = key
  target.replaceChildren(failure?.message ?? '')
  if (page === null) return
  const link = element('a', { href: page, target: '_blank', rel: 'noreferrer' }, 'Ask for access')
  target.append(' ', link)
}
