/** Finds the model that a request asks for while its body comes. */
export interface ModelReader {
  /** What the client asks for, never empty; null while it is not known. */
  readonly name: string | null
  /** @param bytes of the body that follow those before @throws Hal0Error `request.invalid` */
  feed(bytes: Buffer): void
  /** The body is whole. @returns null where the request names no model and need not @throws Hal0Error `request.invalid` */
  end(): string | null
}
