/** How a request stands among those that wait for the same slot: whose turn it takes, and how urgent it is. Pure. */
import { type Caller, Priority } from '../../contract/caller.ts'
import { bounded } from '../../lib/bounded.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { WireHeaders } from '../../lib/http/wire-headers.ts'

/** Requests of one key share its turns, wherever they come from; without a key, those of one address do. */
export const turnsOf = ({ name, address }: Pick<Caller, 'name' | 'address'>): string =>
  name === null ? address : `key ${name}`

const isPriority = (text: string): text is Priority => Priority.enum.includes(text as Priority)

/**
 * What X-Hal0-Priority asks for. It can only lower the priority: what has a key for batch work stays batch work.
 * @throws Hal0Error `request.invalid` for a value that there is not
 */
export const priorityOf = (headers: Pick<WireHeaders, 'get'>, { priority = 'interactive' }: Caller): Priority => {
  const asked = headers.get('x-hal0-priority')
  if (asked === null) return priority
  const value = asked.toLowerCase()
  if (!isPriority(value)) {
    throw new Hal0Error(
      'request.invalid',
      `X-Hal0-Priority cannot be "${bounded(asked, 64)}". Send interactive or batch, or leave it out.`,
      { param: 'X-Hal0-Priority', details: { allowed: [...Priority.enum] } },
    )
  }
  return value === 'batch' ? value : priority
}
