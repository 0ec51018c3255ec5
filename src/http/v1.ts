/** `/v1`: the OpenAI API. Inference goes to the dispatcher untouched; the list of models is answered here. */

import type { Dispatch } from '../dispatch/dispatch-port.ts'
import { inferencePaths, type OpenAiModelList } from '../dispatch/openai.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import type { Routes } from './routes.ts'

const headers = { 'cache-control': 'no-store' }

const decode = (text: string | null | undefined): string => {
  try {
    return decodeURIComponent(text ?? '')
  } catch {
    // Broken percent-encoding names no model.
    return text ?? ''
  }
}

/** What comes through Elysia and is no GET has its connection kept open already. */
const keptOpen = (): void => {}

export const mountV1 = (
  routes: Routes,
  { dispatch, openaiModels }: { dispatch: Dispatch; openaiModels: () => OpenAiModelList },
): void => {
  routes.on('GET', '/v1/models', () => Response.json(openaiModels(), { headers }))
  routes.on('GET', '/v1/models/*', (_request, params) => {
    const id = decode(params['*'])
    const model = openaiModels().data.find((each) => each.id === id)
    if (model !== undefined) return Response.json(model, { headers })
    throw new Hal0Error('model.not_found', `There is no model "${id}". GET /v1/models lists what there is.`, {
      param: 'model',
    })
  })
  // The plain spelling of these paths goes past Elysia (listen.ts), which here only says 405 to other methods, and takes other
  // spellings of the path.
  for (const path of inferencePaths.keys()) routes.on('POST', path, (request) => dispatch(request, path, keptOpen))
}
