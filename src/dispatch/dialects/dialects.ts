/** The dialects by their names in the endpoint table. */
import type { Dialect } from '../../contract/endpoints.ts'
import { anthropic } from './anthropic.ts'
import type { DialectRules } from './dialect.ts'
import { openai } from './openai.ts'
import { responses } from './responses.ts'

export const dialects: Readonly<Record<Dialect, DialectRules>> = { openai, responses, anthropic }
