/** A repository of the hub, at one commit, as the place that a download gets its bytes from. */
import type { HubClient } from './hub/hub-client.ts'
import type { Origin } from './pull/origin.ts'

export const hubOrigin = (hub: Pick<HubClient, 'open'>, repo: string, commit: string): Origin => ({
  async open(path, from, to, signal) {
    const { status, contentRange, contentLength, contentEncoding, etag, body } = await hub.open(
      { repo, commit, path },
      from,
      to,
      signal,
    )
    return { status, contentRange, contentLength, contentEncoding, etag, body }
  },
})
