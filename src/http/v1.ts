/** `/v1`: the OpenAI API. Inference goes to the dispatcher untouched; the list of models is answered here. */

import type { Dispatch } from '../dispatch/dispatch-port.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import { readBytes } from './body.ts'
import type { Routes } from './routes.ts'

/** What `GET /v1/models` answers. */
export interface OpenAiModels {
  object: 'list'
  data: { id: string }[]
}

/** Inference paths that the dispatcher serves. */
export const inferencePaths = ['chat/completions', 'completions', 'embeddings', 'rerank', 'reranking'].map(
  (path) => `/v1/${path}`,
)

const headers = { 'cache-control': 'no-store' }

/** A body in chunks has no length that the gate could have judged: it is read with the same bound. */
const withKnownLength = async (request: Request, maxBodyBytes: number): Promise<Request> =>
  new Request(request, { body: await readBytes(request, maxBodyBytes, 'max_body_mb in hal0.toml') })

const decode = (text: string | null | undefined): string => {
  try {
    return decodeURIComponent(text ?? '')
  } catch {
    // Broken percent-encoding names no model.
    return text ?? ''
  }
}

export const mountV1 = (
  routes: Routes,
  config: { dispatch: Dispatch; openaiModels: () => OpenAiModels; maxBodyBytes: number },
): void => {
  const { dispatch, openaiModels, maxBodyBytes } = config
  routes.on('GET', '/v1/models', () => Response.json(openaiModels(), { headers }))
  routes.on('GET', '/v1/models/*', (_request, params) => {
    const id = decode(params['*'])
    const model = openaiModels().data.find((each) => each.id === id)
    if (model !== undefined) return Response.json(model, { headers })
    throw new Hal0Error('model.not_found', `There is no model "${id}". GET /v1/models lists what there is.`, {
      param: 'model',
    })
  })
  for (const path of inferencePaths) {
    routes.on('POST', path, (request) =>
      request.headers.has('transfer-encoding')
        ? withKnownLength(request, maxBodyBytes).then((whole) => dispatch(whole, path))
        : dispatch(request, path),
    )
  }
}
