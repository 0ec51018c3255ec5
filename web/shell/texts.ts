/** The words around the views. */
export const texts = {
  views: 'Views',
  find: 'Find',
  findWhat: 'Find a view, a slot or an action',
  nothingFound: 'Nothing here is called that.',
  skip: 'Skip to the page',
  notFound: 'There is nothing at this address.',
  toHome: 'Go to Home',
  stale: (since: string): string => `Connection lost. What you see is from ${since} ago; trying again…`,
  up: (version: string, time: string): string => `${version} · up ${time}`,
}
