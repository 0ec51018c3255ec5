/** Wire types of signing in: browsers show a cookie instead of a key. */
import { type Static, Type } from 'typebox'
import { GrantedScope } from '../caller.ts'
import { nullable } from '../schema/nullable.ts'

const exact = { additionalProperties: false } as const

/** One of the two. */
export const SignIn = Type.Object(
  {
    key: Type.Optional(Type.String({ minLength: 1, maxLength: 256, writeOnly: true })),
    link: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        writeOnly: true,
        description: 'What a sign-in link has after its #.',
      }),
    ),
  },
  exact,
)
export type SignIn = Static<typeof SignIn>

export const Session = Type.Object(
  {
    name: nullable(Type.String({ description: 'Of the key that it began with; null: it began with a link.' })),
    scope: GrantedScope,
    expires_at: Type.String({ description: 'RFC 3339. It also ends with its key, and with the daemon.' }),
  },
  exact,
)
export type Session = Static<typeof Session>

export const SignInLink = Type.Object(
  {
    path: Type.String({ description: 'Opened in a browser, it signs in, once.' }),
    expires_at: Type.String({ description: 'RFC 3339.' }),
  },
  exact,
)
export type SignInLink = Static<typeof SignInLink>
