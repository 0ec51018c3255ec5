/** Once a backend serves, lines further back than this are about some request and not about its end. */
export const recentLines = 20
