/** The cookie of a session. */

export const sessionCookie = 'hal0_session'

const pattern = new RegExp(`(?:^|[;,] *)${sessionCookie}=([A-Za-z0-9_-]{1,128})(?:$|[;,])`)

/** The token in a Cookie header; null: there is none. */
export const sessionTokenIn = (cookies: string | null): string | null => pattern.exec(cookies ?? '')?.[1] ?? null
