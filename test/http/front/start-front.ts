/** The front with a handler that the test provides. */
import { onTestFinished } from 'bun:test'
import { sendError } from '../../../src/http/answers/errors.ts'
import { Front, type FrontOptions } from '../../../src/http/front/front.ts'
import type { Answer, IncomingBody, IncomingRequest } from '../../../src/lib/http/incoming.ts'

export const textOf = async (body: IncomingBody): Promise<string> => {
  let text = ''
  for (let piece = await body.next(); piece !== null; piece = await body.next()) text += piece.toString('latin1')
  return text
}

/** Answers with method, target and body. */
export const echo = async (request: IncomingRequest, answer: Answer): Promise<void> => {
  const asked = { method: request.method, url: request.target, requestId: 'test' }
  try {
    const body = await textOf(request.body)
    answer.send(
      200,
      'content-type: text/plain\r\n',
      Buffer.from(`${request.method} ${request.target} ${body}`, 'latin1'),
    )
  } catch (error) {
    sendError(answer, error, asked)
  }
}

export const startFront = (answer: FrontOptions['answer'], more: Partial<FrontOptions> = {}): Front => {
  const front = new Front({
    host: '127.0.0.1',
    port: 0,
    answer,
    refuse: (error, to) => sendError(to, error, { method: 'a request', url: '', requestId: 'test' }),
    ...more,
  })
  onTestFinished(() => front.close())
  return front
}
