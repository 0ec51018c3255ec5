/** Makes a backend's output safe for a terminal, JSON and an event stream. */

const longestLine = 2000

// Escape sequences of terminals: CSI (colours, cursor), OSC (titles, links), and the two-character ones.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const escapeSequence = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]*[0-~])/g

// C0 without the tab, DEL, C1, and the marks that change the order in which a terminal shows text.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const unprintable = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * One line as readable text of at most 2000 characters: invalid UTF-8 and control characters become U+FFFD, colours are removed, and
 * of a line that was overwritten with carriage returns (a progress bar), the last version is kept, as on a terminal.
 */
export const readableLine = (bytes: Uint8Array): string => {
  const text = decoder.decode(bytes).replace(/\r+$/, '')
  const shown = text.slice(text.lastIndexOf('\r') + 1).replace(escapeSequence, '')
  const line = shown.replace(unprintable, '\ufffd')
  if (line.length <= longestLine) return line
  return `${line.slice(0, longestLine - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
