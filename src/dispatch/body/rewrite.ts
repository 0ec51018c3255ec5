/** Changes a body on its way from the client to a backend, if its target has rules for that. Pure. */
import type { BodyPieces } from './body-pieces.ts'

/** One change. @returns the body itself if there is nothing to change */
export type BodyRule = (body: BodyPieces) => BodyPieces

/** @param rules in the order in which they are applied; without any, the body is passed on unchanged and not read */
export const rewrite = (body: BodyPieces, rules: readonly BodyRule[]): BodyPieces =>
  rules.length === 0 ? body : rules.reduce((changed, rule) => rule(changed), body)
