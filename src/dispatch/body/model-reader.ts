/** Finds the model that a request asks for while its body arrives. */
export interface ModelReader {
  /** The requested model, never empty; null while it is unknown. */
  readonly name: string | null
  /** @param bytes that continue the body @throws Hal0Error `request.invalid` */
  feed(bytes: Buffer): void
  /** The body is complete. @returns null if the request names no model and need not @throws Hal0Error `request.invalid` */
  end(): string | null
}
