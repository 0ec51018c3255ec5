/** Parses headers of the hub and its storage. Pure. */

export interface ContentRange {
  from: number
  /** The first byte after the range: one more than the header's second number. */
  to: number
  /** Size of the whole file, bytes; null if the sender does not say. */
  size: number | null
}

/** Parses `bytes 0-9/100` and `bytes 0-9/*`; null for anything else, including the form of a 416, which has no range. */
export const parseContentRange = (value: string | null): ContentRange | null => {
  const match = /^\s*bytes\s+(\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)\s*$/i.exec(value ?? '')
  if (match === null) return null
  const [from, last, size] = [Number(match[1]), Number(match[2]), match[3] === '*' ? null : Number(match[3])]
  if (last < from || (size !== null && last >= size)) return null
  return { from, to: last + 1, size }
}

/** Turns `"abc"`, `W/"abc"` and `abc` into abc; null if empty. */
export const parseEtag = (value: string | null): string | null => {
  const text = (value ?? '').trim().replace(/^W\//i, '')
  const bare = /^"(.*)"$/.exec(text)?.[1] ?? text
  return bare === '' ? null : bare
}

/** A length in bytes; null if it is not a valid length. */
export const parseLength = (value: string | null): number | null =>
  value !== null && /^\d{1,15}$/.test(value.trim()) ? Number(value) : null

/** The address of the next page in a `Link` header, as written there; null on the last page. */
export const nextPage = (link: string | null): string | null => {
  for (const [, address, parameters] of (link ?? '').matchAll(/<([^>]*)>([^<]*)/g)) {
    if (/;\s*rel\s*=\s*("?)next\1\s*(?:[;,]|$)/i.test(parameters ?? '')) return address ?? null
  }
  return null
}

/** Upper limit for a wait that a server asks for; the hub's own windows are 300 s. */
const longestWaitS = 3600

/**
 * Seconds to wait after a 429 or 503: `RateLimit: "resolvers";r=0;t=172` means 173; else `Retry-After`, in seconds or as a date.
 * null if both are missing.
 */
export const retryAfterS = (headers: Headers, nowMs: number): number | null => {
  const bounded = (seconds: number): number => Math.min(Math.max(Math.ceil(seconds), 0), longestWaitS)
  const reset = /;\s*t\s*=\s*(\d{1,9})/.exec(headers.get('ratelimit') ?? '')
  // The window ends at the end of that second.
  if (reset !== null) return bounded(Number(reset[1]) + 1)
  const after = headers.get('retry-after')?.trim() ?? ''
  if (/^\d{1,9}$/.test(after)) return bounded(Number(after))
  const date = Date.parse(after)
  return Number.isNaN(date) ? null : bounded((date - nowMs) / 1000)
}
