/** The hub's error answers, with the headers that its clients rely on. */
import type { OriginReply } from './http-origin.ts'

const refusal = (status: number, code: string | null, message: string, isApi: boolean): OriginReply => ({
  status,
  headers: {
    'content-type': isApi ? 'application/json; charset=utf-8' : 'text/plain; charset=utf-8',
    'x-error-message': message,
    ...(code === null ? {} : { 'x-error-code': code }),
  },
  body: Buffer.from(isApi ? JSON.stringify({ error: message }) : message),
})

/** Unknown, private, or requested with an invalid token: without a valid one they look the same. */
export const repoNotFound = (anonymous: boolean, isApi: boolean): OriginReply =>
  anonymous
    ? refusal(401, null, 'Invalid username or password.', isApi)
    : refusal(404, 'RepoNotFound', 'Repository not found', isApi)

export const gatedRepo = (id: string, anonymous: boolean): OriginReply =>
  anonymous
    ? refusal(
        401,
        'GatedRepo',
        `Access to model ${id} is restricted. You must have access to it and be authenticated to access it. Please log in.`,
        false,
      )
    : refusal(403, 'GatedRepo', `Access to model ${id} is restricted and you are not in the authorized list.`, false)

export const revisionNotFound = (revision: string, isApi: boolean): OriginReply =>
  refusal(404, 'RevisionNotFound', `Invalid rev id: ${revision}`, isApi)

export const entryNotFound = (): OriginReply => refusal(404, 'EntryNotFound', 'Entry not found', false)

export const routeNotFound = (): OriginReply => refusal(404, null, 'Sorry, we can’t find the page.', true)

export const rateLimited = (resetS: number, isApi: boolean): OriginReply => {
  const reply = refusal(429, null, 'We had to rate limit you.', isApi)
  return { ...reply, headers: { ...reply.headers, ratelimit: `"${isApi ? 'api' : 'resolvers'}";r=0;t=${resetS}` } }
}
