/** The client hung up before there was anything to send to it. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone'
}
