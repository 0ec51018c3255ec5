/** `/v1`: the OpenAI API. Inference goes directly to the dispatcher (app.ts); the list of models is answered here. */
import type { Caller } from '../contract/caller.ts'
import type { OpenAiModelList } from '../contract/models/openai-model.ts'
import { bounded } from '../lib/bounded.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import { routeNotFound } from './answers/errors.ts'
import type { Found } from './gate/endpoint-table.ts'
import type { Routes } from './routing/routes.ts'

const headers = { 'cache-control': 'no-store' }

const decode = (text: string | null | undefined): string => {
  try {
    return decodeURIComponent(text ?? '')
  } catch {
    // Broken percent-encoding names no model.
    return text ?? ''
  }
}

/** Whether a path, in its usual spelling, asks for the models or for one of them, whose name may contain anything. */
export const isModels = (path: string): boolean => /^\/v1\/models(?:$|\/.*[^/]$)/.test(path)

/** The models that a caller may ask for. */
export type ListModels = (caller: Pick<Caller, 'slots'>) => OpenAiModelList

interface V1Deps {
  openaiModels: ListModels
  /** Every path of the endpoint table. */
  inferences: readonly Found[]
}

export const mountV1 = (routes: Routes, { openaiModels, inferences }: V1Deps): void => {
  routes.on({ method: 'GET', path: '/v1/models', scope: 'infer' }, (_request, _params, { caller }) =>
    Response.json(openaiModels(caller), { headers }),
  )
  routes.on({ method: 'GET', path: '/v1/models/*', scope: 'infer' }, (_request, params, { caller }) => {
    const id = decode(params['*'])
    const model = openaiModels(caller).data.find((each) => each.id === id)
    if (model !== undefined) return Response.json(model, { headers })
    throw new Hal0Error(
      'model.not_found',
      `There is no model "${bounded(id, 128)}". GET /v1/models lists what there is.`,
      {
        param: 'model',
      },
    )
  })
  // Requests with their own method never get here; all other methods get 405.
  for (const { endpoint, path } of inferences) {
    routes.on({ method: endpoint.method, path, scope: endpoint.scope }, (request) => {
      throw routeNotFound(request)
    })
  }
}
