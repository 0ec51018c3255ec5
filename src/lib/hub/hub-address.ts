/** Parses the address of a hub or a mirror, as people write it. Pure. */

/** The hub itself, which is asked where no mirror is set. */
export const hubUrl = 'https://huggingface.co'

export type HubAddress = { url: string } | { problem: string }

/**
 * The address without a trailing slash, or what is wrong with it, as the end of a sentence. The address may contain credentials,
 * so the sentence does not repeat it.
 */
export const hubAddress = (text: string): HubAddress => {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return { problem: 'is not an http or https address' }
  }
  if (url.username !== '' || url.password !== '') return { problem: 'holds a user name or password' }
  if (url.search !== '' || url.hash !== '') return { problem: 'has a query' }
  return { url: url.href.replace(/\/+$/, '') }
}
