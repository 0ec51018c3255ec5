import { age } from '../../src/lib/figures.ts'
import { now } from '../data/clock.ts'

/** How long ago something was, with the exact time on hover. @param since RFC 3339 */
export const Ago = ({ since, after = '' }: { since: string; after?: string }) => {
  const at = new Date(since)
  return (
    <time class="quiet" dateTime={since} title={at.toLocaleString()}>
      {age((now.value - at.getTime()) / 1000)}
      {after}
    </time>
  )
}
