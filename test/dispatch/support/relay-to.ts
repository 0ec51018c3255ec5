import { FakeSlots } from './fake-slots.ts'
import { MiniServer } from './mini-server.ts'
import { type RawRequest, RawUpstream } from './raw-upstream.ts'

/** A server that relays to a backend that the test provides. @param cleanups gets the functions that end both */
export const relayTo = (answer: (request: RawRequest) => void, cleanups: (() => void)[]) => {
  const upstream = new RawUpstream(answer)
  const slots = new FakeSlots(upstream.origin)
  const server = new MiniServer(slots)
  cleanups.push(
    () => upstream.stop(),
    () => server.stop(),
  )
  return { upstream, slots, server }
}
