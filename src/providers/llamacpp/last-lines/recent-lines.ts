/** Once a backend serves, what it printed further back than this was about some request, and not about its end. */
export const recentLines = 20
