/** The body that a backend gets of a request, by the rules of its slot. */
import type { ModelPlace } from '../../../contract/endpoints.ts'
import type { SlotRules } from '../../../contract/rules/slot-rules.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import type { BodyPieces } from '../body-pieces.ts'
import { keyRules } from './key-rules.ts'
import { rewrite } from './rewrite.ts'

/**
 * @param place where requests of the endpoint name their model: those that do so in the path or the query have no body
 * @param profile null: none
 * @throws Hal0Error see `rewrite`; `request.unsupported` for a form
 */
export const ruledBody = (
  body: BodyPieces,
  place: ModelPlace,
  { name, rules }: { name: string; rules: SlotRules },
  profile: string | null,
): BodyPieces | Promise<BodyPieces> => {
  const byKey = keyRules(rules, profile ?? undefined)
  if (place !== 'multipart' || byKey === null) return place === 'json' ? rewrite(body, byKey) : body
  throw new Hal0Error(
    'request.unsupported',
    `Slot ${name} has rules for ${[...byKey.keys()].join(', ')}, which hal0 applies to JSON bodies only, and this request is a form. Take them away: hal0 slot edit ${name} --unset ${profile === null ? 'params' : `profiles.${profile}`}`,
    { param: 'model' },
  )
}
