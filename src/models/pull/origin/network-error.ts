import { Hal0Error } from '../../../lib/hal0-error.ts'

/** @param why what the origin did, after "the origin" */
export const networkError = (path: string, why: string, cause?: unknown): Hal0Error =>
  new Hal0Error(
    'pull.network',
    `${path} could not be downloaded: the origin ${why}. Check the network and pull again; what is here is kept.`,
    { details: { file: path, reason: why }, cause },
  )
