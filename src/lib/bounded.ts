/**
 * Text from outside is cut once, where it comes in, so that nobody can put a megabyte into a log, a record or an answer.
 * @param limit in characters
 * @returns `text`, or its beginning with a note of its length
 */
export const bounded = (text: string, limit: number): string => {
  if (text.length <= limit) return text
  const last = text.charCodeAt(limit - 1)
  // Do not cut a surrogate pair in half.
  const end = last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit
  return `${text.slice(0, end)}… (${text.length} characters)`
}
