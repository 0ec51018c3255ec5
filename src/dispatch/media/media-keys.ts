/** Where chat content names pictures, sound and files by their address, in the dialects that hal0 speaks. Pure. */

/** What a key of an object means. */
export const roles = {
  other: 0,
  /** Its string is an address: `image_url` of the Responses API. In Chat Completions its object has a `url`. */
  address: 1,
  /** `url`, which counts in an object of media only: tools and citations have such keys, too. */
  url: 2,
  /** Its object describes media: Anthropic's `source`. */
  media: 3,
  /** `input_audio`: its object has the sound in `data`. */
  audio: 4,
  /** `data`, which counts in an `audio`. */
  data: 5,
  /** What is below it is no content: arguments of tools, and schemas. */
  opaque: 6,
} as const

const { address, url, media, audio, data, opaque } = roles

const ofAnyLevel = new Map<string, number>([
  ...['image_url', 'video_url', 'audio_url', 'file_url', 'file_data'].map((key) => [key, address] as const),
  ...['source', 'file', 'image', 'video', 'audio', 'input_image', 'input_file'].map((key) => [key, media] as const),
  ['input_audio', audio],
  ['url', url],
  ['data', data],
  // What a model said to a tool, and where it found something.
  ...['arguments', 'annotations', 'citations', 'action'].map((key) => [key, opaque] as const),
])

/** `input` is the content of a Responses request at the top, and the arguments of a tool within Anthropic's messages. */
const below = new Map([...ofAnyLevel, ['input', opaque] as const])

const atTop = new Map<string, number>([
  ...ofAnyLevel,
  ...['tools', 'functions', 'tool_choice', 'response_format', 'json_schema', 'metadata', 'mcp_servers', 'text'].map(
    (key) => [key, opaque] as const,
  ),
])

/** @param depth of the object that has the key; 1: the body itself */
export const roleOf = (key: string, depth: number): number => (depth === 1 ? atTop : below).get(key) ?? roles.other

/** Longest key with a role. */
export const longestKey = 16

/** The ends of the keys without which there is no address, and the beginning of an escaped character, which may hide one. */
export const signs = ['url"', 'data"', '\\u'] as const

/**
 * Whether a backend finds the media in the text itself: a `data:` address, or base64 without one. Engines differ in what else they
 * take for an address (letter case, blanks before it, no scheme), so that nothing else counts.
 * @param beginning of the text, unescaped
 */
export const isInline = (beginning: string): boolean =>
  /^data:/i.test(beginning) ||
  (/^(?:[A-Za-z0-9+/=_-][A-Za-z0-9+/=_\-\r\n]*)?$/.test(beginning) &&
    !/^(?:https?|ftps?|file|\/(?!9j\/))/i.test(beginning))
