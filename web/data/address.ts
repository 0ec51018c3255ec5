/** Addresses of the daemon. They are relative to the page, so that it also works below a path of a proxy. */

/** @param path as the contract writes it, e.g. /api/slots */
export const addressOf = (path: string): string => new URL(path.replace(/^\//, ''), document.baseURI).href

/** Where OpenAI clients find the API: e.g. http://nas:8080/v1 */
export const apiBase = (): string => addressOf('/v1')
