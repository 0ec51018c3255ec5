/** What people write for a model of the hub. Pure. */

export interface HubRef {
  /** owner/name */
  repo: string
  /** After a colon, as llama.cpp's and Ollama's users write it. */
  quantization: string | null
  /** Of an address that leads to a file. */
  revision: string | null
  file: string | null
}

const part = '[A-Za-z0-9][A-Za-z0-9_.-]{0,95}'
const plain = new RegExp(`^(?:hf\\.co/|huggingface\\.co/)?(${part}/${part})(?::([A-Za-z0-9_-]{1,40}))?$`)
const address = new RegExp(
  `^https?://[^/]+/(${part}/${part})(?:/(?:resolve|blob|raw)/([^/?#]+)/([^?#]+))?/?(?:[?#].*)?$`,
)

/** @returns null when it names no repository */
export const parseHubRef = (text: string): HubRef | null => {
  const short = plain.exec(text)
  if (short !== null) return { repo: short[1] ?? '', quantization: short[2] ?? null, revision: null, file: null }
  const long = address.exec(text)
  if (long === null) return null
  const [, repo = '', revision = null, file = null] = long
  return { repo, quantization: null, revision, file: file === null ? null : decodeURIComponent(file) }
}
