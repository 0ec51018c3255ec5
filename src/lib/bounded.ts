/**
 * Texts from outside are cut once, where they come in, so that no log, record or answer holds a megabyte of somebody's making.
 * @param limit in characters
 * @returns `text`, or its beginning with how long it was
 */
export const bounded = (text: string, limit: number): string => {
  if (text.length <= limit) return text
  const last = text.charCodeAt(limit - 1)
  // Half of a surrogate pair is no character.
  const end = last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit
  return `${text.slice(0, end)}… (${text.length} characters)`
}
