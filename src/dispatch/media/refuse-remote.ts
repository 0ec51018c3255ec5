/** Refuses requests whose media a backend would have to fetch, unless the slot allows it (`remote_media`). */
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { BodyPieces } from '../body/body-pieces.ts'
import type { Target } from '../targets/target.ts'
import { remoteMediaIn } from './remote-media.ts'

const refused = (key: string, { slot }: Pick<Target, 'slot'>): Hal0Error => {
  const way = slot === null ? '' : `, or allow it: hal0 slot edit ${slot} --set remote_media=true`
  return new Hal0Error(
    'request.invalid',
    `The request names media by an address ("${key}"), and a backend that fetches it would reach into this network and this machine. Send it as a data: URL${way}`,
    { param: key },
  )
}

/** @throws Hal0Error `request.invalid` (rejects, or throws when synchronous) */
export const refuseRemoteMedia = (
  body: BodyPieces,
  target: Pick<Target, 'slot' | 'remoteMedia'>,
): undefined | Promise<undefined> => {
  if (target.remoteMedia) return undefined
  const judge = (key: string | null): undefined => {
    if (key !== null) throw refused(key, target)
  }
  const found = remoteMediaIn(body)
  return found instanceof Promise ? found.then(judge) : judge(found)
}
