/** What a fake hub or its storage can be told to do wrong. All parts can be combined. */

/** A request, as a script sees it. */
export interface ScriptedRequest {
  /** resolve: a file's address at the hub, the cache of small files included. cdn: the storage. api: JSON. */
  kind: 'resolve' | 'cdn' | 'api'
  /** Path of the file in its repository; for an api request, its address. */
  path: string
  /** The Range header as received. */
  range: string | null
  /** Number of requests of this kind for this path, including this one. */
  attempt: number
}

export interface Misbehaviour {
  /** Answers with this status and a short text instead. */
  status?: number
  /** Headers to set or, with null, leave out of the answer. */
  headers?: Record<string, string | null>
  /** Delay before the answer begins. */
  delayMs?: number
  /** A whole file with 200, whatever the Range. */
  ignoreRange?: true
  /** 416 with the file's size. */
  notSatisfiable?: true
  /** Sent instead of the correct Content-Range; the bytes are correct. */
  contentRange?: string
  /** Sends the bytes that are this many bytes further in the file (wrapping around at its end). */
  shiftBytes?: number
  /** A different ETag; also sent as X-Linked-ETag by the hub. */
  etag?: string
  /** The byte at this file offset is sent wrong. */
  corruptAt?: number
  /** Number of extra bytes after the end, included in Content-Length. */
  extraBytes?: number
  /** Compresses the body, with Content-Encoding gzip. */
  gzip?: true
  /** Resets the connection (RST) after this many bytes of the body. If there are many, the last ones may be lost, as in reality. */
  resetAfter?: number
  /** Closes the connection normally after this many bytes of the body, although Content-Length promises more. */
  closeAfter?: number
  /** Content-Length announces only this many bytes, and only these are sent. */
  shortTo?: number
  /** Silence of this length after this many bytes of the body. */
  stall?: { after: number; ms: number }
  bytesPerSecond?: number
}

export type Script = (request: ScriptedRequest) => Misbehaviour | null
