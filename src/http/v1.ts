/** `/v1`: the OpenAI API. Inference goes to the dispatcher untouched (app.ts); the list of models is answered here. */
import { inferencePaths, type OpenAiModelList } from '../dispatch/openai.ts'
import { bounded } from '../lib/bounded.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import { routeNotFound } from './answers/errors.ts'
import type { Routes } from './api/routes.ts'

const headers = { 'cache-control': 'no-store' }

const decode = (text: string | null | undefined): string => {
  try {
    return decodeURIComponent(text ?? '')
  } catch {
    // Broken percent-encoding names no model.
    return text ?? ''
  }
}

export const mountV1 = (routes: Routes, { openaiModels }: { openaiModels: () => OpenAiModelList }): void => {
  routes.on('GET', '/v1/models', () => Response.json(openaiModels(), { headers }))
  routes.on('GET', '/v1/models/*', (_request, params) => {
    const id = decode(params['*'])
    const model = openaiModels().data.find((each) => each.id === id)
    if (model !== undefined) return Response.json(model, { headers })
    throw new Hal0Error(
      'model.not_found',
      `There is no model "${bounded(id, 128)}". GET /v1/models lists what there is.`,
      {
        param: 'model',
      },
    )
  })
  // A POST to these never comes this far: what is left to say is 405 to every other method.
  for (const path of inferencePaths.keys()) {
    routes.on('POST', path, (request) => {
      throw routeNotFound(request)
    })
  }
}
