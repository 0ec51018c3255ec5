/** Checks an answer of the origin before its body is read. Pure. */

import type { Range } from '../../../lib/ranges.ts'
import type { OriginAnswer } from './origin.ts'

export interface Question {
  /** Requested bytes. */
  range: Range
  /** Size of the file according to the hub. */
  size: number
  /** Whether the whole file is requested, from 0, since its origin ignores Range. */
  whole: boolean
  /** ETag of earlier answers for the file; null: none so far. */
  etag: string | null
}

export type Judgement =
  /** The body begins at `range[0]`, as requested. `to`: where it will end, perhaps before the end of the range. */
  | { kind: 'body'; to: number }
  /** The whole file came instead of a range. */
  | { kind: 'ignores-range' }
  | { kind: 'changed'; etag: string }
  | { kind: 'encoded'; encoding: string }
  /** The answer contradicts the request, itself or the hub; `why` continues a sentence after "it". */
  | { kind: 'lies'; why: string }
  /** Another status; `why` as above. */
  | { kind: 'refuses'; why: string }

export const judgeAnswer = (answer: OriginAnswer, { range, size, whole, etag }: Question): Judgement => {
  const { status, contentRange, contentLength, contentEncoding } = answer
  const [from, to] = range
  if (status !== 200 && status !== 206) return { kind: 'refuses', why: refusal(answer, size) }
  if (contentEncoding !== null && contentEncoding.toLowerCase() !== 'identity') {
    return { kind: 'encoded', encoding: contentEncoding }
  }
  if (etag !== null && answer.etag !== null && answer.etag !== etag) return { kind: 'changed', etag: answer.etag }
  if (status === 200) {
    if (contentLength !== null && contentLength !== size) {
      return { kind: 'lies', why: `announced ${contentLength} bytes for a file of ${size}` }
    }
    if (whole || (from === 0 && to === size)) return { kind: 'body', to: size }
    return { kind: 'ignores-range' }
  }
  if (contentRange === null) return { kind: 'lies', why: 'sent a part without saying which' }
  const stated = `${contentRange.from}-${contentRange.to - 1}/${contentRange.size ?? '*'}`
  if (contentRange.size !== null && contentRange.size !== size) {
    return { kind: 'lies', why: `sent the range ${stated} of a file of ${size} bytes` }
  }
  if (contentRange.from !== from || contentRange.to > to || contentRange.to <= from) {
    return { kind: 'lies', why: `sent the range ${stated} when asked for ${from}-${to - 1}` }
  }
  if (contentLength !== null && contentLength !== contentRange.to - from) {
    return { kind: 'lies', why: `announced ${contentLength} bytes for the range ${stated}` }
  }
  return { kind: 'body', to: contentRange.to }
}

const refusal = ({ status, contentRange }: OriginAnswer, size: number): string => {
  if (status !== 416) return `answered with HTTP ${status}`
  const stated = contentRange?.size ?? null
  return stated === null || stated === size
    ? 'refused a range that is in the file (HTTP 416)'
    : `says that the file has ${stated} bytes, the hub says ${size} (HTTP 416)`
}
