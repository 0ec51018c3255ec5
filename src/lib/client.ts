/** Who waits for an answer: a Request, or anything else with a signal that aborts when it leaves. Asked for it as late as can be: it costs. */
export type Client = Pick<Request, 'signal'>
