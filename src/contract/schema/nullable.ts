import { type TSchema, Type } from 'typebox'

/** A value that may be null: always present on the wire, so that clients need no `undefined` case. */
export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
