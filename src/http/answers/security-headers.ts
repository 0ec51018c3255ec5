/** Headers of every answer. They are set on the finished Response: Elysia's `set.headers` would re-encode relayed bodies. */

/** Pages load nothing from elsewhere, run no inline code and cannot be framed. */
const pagePolicy = (styles: string, scripts = "'self'"): string =>
  `default-src 'none'; script-src ${scripts}; style-src ${styles}; connect-src 'self'; img-src 'self' data:; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`
const defaultPolicy = pagePolicy("'self'")

const exactly = (text: string): string => `'sha256-${new Bun.CryptoHasher('sha256').update(text).digest('base64')}'`

/** The policy of a page whose one inline stylesheet is exactly `css`. */
export const policyWithInlineStyle = (css: string): string => pagePolicy(exactly(css))

/** The policy of a page whose one inline stylesheet is exactly `css`, and whose one inline script is exactly `code`. */
export const policyWithInline = (css: string, code: string): string => pagePolicy(exactly(css), exactly(code))

const everywhere = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

/** The headers of every answer as lines, for answers that are not pages. */
export const securityLines = Object.entries(everywhere)
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('')

/**
 * The same for what comes from a backend. A page of its would have hal0's origin, and with it the rights of whoever looks at it: a sandbox
 * gives it an origin of its own, without scripts.
 */
export const relayedLines = `${securityLines}content-security-policy: sandbox; default-src 'none'\r\n`

/** Adds the headers to `response` itself and returns it. */
export const withSecurityHeaders = (response: Response): Response => {
  const { headers } = response
  for (const [name, value] of Object.entries(everywhere)) headers.set(name, value)
  if (headers.get('content-type')?.startsWith('text/html') === true) {
    if (!headers.has('content-security-policy')) headers.set('content-security-policy', defaultPolicy)
    // A page names its hashed assets, so a stale one would ask for files of an older build.
    headers.set('cache-control', 'no-cache')
  }
  return response
}
