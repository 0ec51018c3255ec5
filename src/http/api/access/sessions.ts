/** `/api/session`: see the operation table. */
import { operations } from '../../../contract/operations/operations.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { sessionCookie, sessionTokenIn } from '../../gate/session-cookie.ts'
import { mount, reply } from '../../routing/operation.ts'
import type { Routes } from '../../routing/routes.ts'
import type { SessionService } from './service.ts'
import { SlowedFailures } from './slowed-failures.ts'

/** Strict: no other site can make a browser send it. It has no name of a host: it goes back to this one only. */
const cookie = (token: string, maxAgeS: number): string =>
  `${sessionCookie}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}`

export const mountSessions = (routes: Routes, sessions: SessionService): void => {
  const failures = new SlowedFailures()
  mount(routes, 'signIn', async ({ body }, { caller }) => {
    try {
      const { token, session } = sessions.begin(body)
      const maxAgeS = Math.floor((Date.parse(session.expires_at) - Date.now()) / 1000)
      return { ...reply(201, session), headers: { 'set-cookie': cookie(token, maxAgeS) } }
    } catch (error) {
      if (error instanceof Hal0Error && error.code === 'auth.required') await failures.pause(caller.address)
      throw error
    }
  })
  routes.on(operations.signOut, (request) => {
    const token = sessionTokenIn(request.headers.get('cookie'))
    if (token !== null) sessions.end(token)
    return new Response(null, { status: 204, headers: { 'cache-control': 'no-store', 'set-cookie': cookie('', 0) } })
  })
  mount(routes, 'createSignInLink', (_, { caller }) => reply(201, sessions.makeLink(caller.name)))
}
