/** The routes of signing in. */
import { Session, SignIn, SignInLink } from '../access/session.ts'
import { type Operation, op } from './operation.ts'

export const sessionOperations = {
  signIn: op({
    method: 'POST',
    path: '/api/session',
    scope: 'none',
    tag: 'keys',
    summary: 'Sign in a browser with a key or a link; the answer sets its cookie',
    body: SignIn,
    replies: { 201: Session },
  }),
  signOut: op({
    method: 'DELETE',
    path: '/api/session',
    scope: 'none',
    tag: 'keys',
    summary: 'End the session of this browser',
    replies: { 204: null },
  }),
  createSignInLink: op({
    method: 'POST',
    path: '/api/session/links',
    scope: 'admin',
    tag: 'keys',
    summary: 'Make a link that signs in a browser once, within 15 minutes',
    replies: { 201: SignInLink },
  }),
} as const satisfies Record<string, Operation>
