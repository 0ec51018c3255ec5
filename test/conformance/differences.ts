/** Where hal0 answers otherwise than the bare engine, and why. docs/conformance.md is this table. */

interface Answered {
  status: number
  /** A part of the body. */
  body: object
}

export interface Difference {
  /** The request in words. */
  what: string
  /** Cells of the table in the docs. */
  bare: string
  hal0: string
  reason: string
  request: { path: string; init: RequestInit }
  answers: { bare: Answered; hal0: Answered }
}

const post = (path: string, body: string, type = 'application/json') => ({
  path,
  init: { method: 'POST', body, headers: { 'content-type': type } },
})
const chat = (body: object) =>
  post(
    '/v1/chat/completions',
    JSON.stringify({ messages: [{ role: 'user', content: 'Hello' }], max_tokens: 1, ...body }),
  )
const answered: Answered = { status: 200, body: { object: 'chat.completion' } }

export const differencesOf = (model: string): Difference[] => [
  {
    what: '`GET /v1/models`',
    bare: 'its one model',
    hal0: 'every name that `model` can have, with slot, state, context and capabilities',
    reason: 'hal0 is many slots behind one address',
    request: { path: '/v1/models', init: {} },
    answers: {
      bare: { status: 200, body: { data: [{ id: model, owned_by: 'llamacpp' }] } },
      hal0: { status: 200, body: { data: [{ id: 'primary', owned_by: 'hal0' }, { id: model }] } },
    },
  },
  {
    what: 'a `model` that there is not',
    bare: 'answered by the one model',
    hal0: '404 `model.not_found`, which lists what there is',
    reason: 'an answer by another model than the one asked for would be a lie',
    request: chat({ model: 'gpt-9' }),
    answers: { bare: answered, hal0: { status: 404, body: { error: { code: 'model.not_found' } } } },
  },
  {
    what: 'no `model`',
    bare: 'answered by the one model',
    hal0: '400 `request.invalid`',
    reason: 'hal0 would have to guess the slot',
    request: chat({}),
    answers: { bare: answered, hal0: { status: 400, body: { error: { code: 'request.invalid', param: 'model' } } } },
  },
  {
    what: 'what the model cannot do, e.g. embeddings of a chat model',
    bare: '501 `not_supported_error`',
    hal0: '400 `request.unsupported`, which names the slots that can',
    reason: 'another slot may be able to; and 501 makes clients try again',
    request: post('/v1/embeddings', JSON.stringify({ model, input: 'one' })),
    answers: {
      bare: { status: 501, body: { error: { type: 'not_supported_error' } } },
      hal0: { status: 400, body: { error: { code: 'request.unsupported', details: { slots: [] } } } },
    },
  },
  {
    what: 'a body that is not JSON',
    bare: '400 with a message of its parser',
    hal0: '400 `request.invalid`, which names the byte',
    reason: 'hal0 has to read the body for its `model`',
    request: post('/v1/chat/completions', '{"model":'),
    answers: {
      bare: { status: 400, body: { error: { code: 400, type: 'invalid_request_error' } } },
      hal0: { status: 400, body: { error: { code: 'request.invalid', type: 'invalid_request_error' } } },
    },
  },
  {
    what: 'the same at `messages`',
    bare: '400 in the engine’s envelope',
    hal0: '400 in Anthropic’s envelope',
    reason: 'Anthropic’s clients read only that one',
    request: post('/v1/messages', '{"model":'),
    answers: {
      bare: { status: 400, body: { error: { code: 400 } } },
      hal0: { status: 400, body: { type: 'error', error: { type: 'invalid_request_error', code: 'request.invalid' } } },
    },
  },
  {
    what: 'a path that there is not',
    bare: '404 `not_found_error`',
    hal0: '404 `request.not_found`',
    reason: 'nobody is asked',
    request: post('/v1/nothing', '{}'),
    answers: {
      bare: { status: 404, body: { error: { type: 'not_found_error' } } },
      hal0: { status: 404, body: { error: { code: 'request.not_found' } } },
    },
  },
]
