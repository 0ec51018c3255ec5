/** Fetches the API's schema of a slot's settings, once. */
import { request } from '../../data/api.ts'
import { type Field, fieldsOf, flatKeys, type JsonSchema } from './fields.ts'

export interface SettingsSchema {
  fields: Field[]
  /** Name of the provider's table that a key belongs to. */
  sectionOf: (key: string) => string | undefined
}

let known: Promise<SettingsSchema> | null = null

const load = async (): Promise<SettingsSchema> => {
  const document = (await (await request('/openapi.json')).json()) as {
    components: { schemas: Record<string, JsonSchema> }
  }
  const { schemas } = document.components
  const patch = schemas.SlotPatch ?? {}
  const flat = flatKeys(patch)
  return { fields: fieldsOf(patch, schemas), sectionOf: (key) => flat.get(key) }
}

/** @throws ApiError */
export const settingsSchema = (): Promise<SettingsSchema> => {
  known ??= load().catch((error: unknown) => {
    known = null
    throw error
  })
  return known
}
