/** One route of the API with its schemas. */
import { type TSchema, Type } from 'typebox'
import type { Scope } from '../caller.ts'

export interface Operation {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** OpenAPI notation: parameters in braces. */
  path: string
  /** The scope that a caller needs. */
  scope: Scope
  summary: string
  tag: string
  /** Path parameters. */
  params?: TSchema
  query?: TSchema
  body?: TSchema
  /** Schema of each JSON answer by status; null: no body. */
  replies: Record<number, TSchema | null>
}

export const op = <const T extends Operation>(operation: T): T => operation
export const idParams = Type.Object({ id: Type.String() }, { additionalProperties: false })
