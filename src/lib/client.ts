/** Somebody who waits for an answer; the signal aborts when they leave. Read it as late as possible: a Request creates it on first use. */
export type Client = Pick<Request, 'signal'>
