/** Where at the hub something comes from: the fields that requests share. */
import { Type } from 'typebox'

/** `owner/name` at the hub, in its alphabet; no part begins with a dot, so that none leads out of a folder. */
export const repoPattern = '^[A-Za-z0-9][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9][A-Za-z0-9_.-]{0,95}$'

export const HubRepo = Type.String({ pattern: repoPattern, description: 'owner/name at the hub.' })

export const HubFile = Type.String({
  minLength: 1,
  maxLength: 1024,
  description: 'Path in the repository; of a sharded model its first shard. `:QUANT` picks by quantisation.',
})

export const HubRevision = Type.String({ minLength: 1, maxLength: 256, description: 'Branch, tag or commit; main.' })
