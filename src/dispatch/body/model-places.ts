/** One reader for each place of the endpoint table where a request can name its model. */
import type { ModelPlace } from '../../contract/endpoints.ts'
import { requireIdentity } from '../../lib/http/content-encoding.ts'
import type { IncomingRequest } from '../../lib/http/incoming.ts'
import { boundaryOf } from './content-type.ts'
import { JsonModel } from './json-model.ts'
import type { ModelReader } from './model-reader.ts'
import { MultipartModel } from './multipart-model.ts'
import { modelMissing } from './name-rules.ts'

/** The model is known before the body arrives, or there is none. */
class GivenModel implements ModelReader {
  readonly name: string | null

  constructor(name: string | null) {
    this.name = name
  }

  feed(): void {}

  end(): string | null {
    return this.name
  }
}

/** The parameter `model`; null if it is missing or empty. */
const inQuery = (target: string): string | null => {
  const at = target.indexOf('?')
  return at < 0 ? null : new URLSearchParams(target.slice(at + 1)).get('model') || null
}

const required = (name: string | null): string => {
  if (name === null) throw modelMissing('parameter')
  return name
}

/** @throws Hal0Error `request.invalid`, `request.unsupported`, both with status 415 if it is compressed or not the form that it has to be */
export const modelReader = (
  place: ModelPlace,
  { headers, target }: Pick<IncomingRequest, 'headers' | 'target'>,
): ModelReader => {
  requireIdentity(headers)
  switch (place) {
    case 'json':
      return new JsonModel()
    case 'multipart':
      return new MultipartModel(boundaryOf(headers))
    case 'query':
      return new GivenModel(required(inQuery(target)))
    case 'query-or-none':
      return new GivenModel(inQuery(target))
    case 'none':
    case 'stream':
    case 'slot':
      return new GivenModel(null)
  }
}
