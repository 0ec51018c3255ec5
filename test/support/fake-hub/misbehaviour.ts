/** What a fake hub or its storage may be told to do wrong. Every part can go with every other. */

/** A request, as a script sees it. */
export interface ScriptedRequest {
  /** resolve: a file's address at the hub, the cache of small files included. cdn: the storage. api: JSON. */
  kind: 'resolve' | 'cdn' | 'api'
  /** Of the file in its repository; of an api request its address. */
  path: string
  /** The Range header as it came. */
  range: string | null
  /** How many requests of this kind for this path there were, this one included. */
  attempt: number
}

export interface Misbehaviour {
  /** Answers with this status and a short text instead. */
  status?: number
  /** Set or, with null, left out of the answer. */
  headers?: Record<string, string | null>
  /** Before the answer begins. */
  delayMs?: number
  /** A whole file with 200, whatever the Range. */
  ignoreRange?: true
  /** 416 with the file's size. */
  notSatisfiable?: true
  /** Sent as Content-Range instead of the true one; the bytes stay right. */
  contentRange?: string
  /** The file's bytes sent are those at an offset this much further (round the end to the front). */
  shiftBytes?: number
  /** Another ETag; as X-Linked-ETag where the hub says it. */
  etag?: string
  /** The byte at this offset of the file is sent wrong. */
  corruptAt?: number
  /** Bytes after the end, counted in Content-Length. */
  extraBytes?: number
  /** Body compressed, Content-Encoding gzip. */
  gzip?: true
  /** Connection reset (RST) after this many bytes of the body; of many, the last may be lost on the way, as in life. */
  resetAfter?: number
  /** Connection closed in good order after this many bytes of the body, though Content-Length promises more. */
  closeAfter?: number
  /** Content-Length promises no more than this many bytes, and no more come. */
  shortTo?: number
  /** Silence after this many bytes of the body, for so long. */
  stall?: { after: number; ms: number }
  bytesPerSecond?: number
}

export type Script = (request: ScriptedRequest) => Misbehaviour | null
