/** Pages of the hub that do not name a model. Each text is the end of a sentence that begins with the address. Pure. */

const page = "is one of the hub's own pages, not a model"

const ownPages = new Map([
  ['datasets', 'is a dataset of the hub, not a model'],
  ['spaces', 'is a space of the hub, not a model'],
  ['collections', 'is a collection of the hub: choose one of its repositories'],
  ['buckets', 'is a bucket of the hub, not a model'],
  ['kernels', 'is a kernel of the hub, not a model'],
  ['papers', 'is a paper at the hub: choose a repository'],
  ['models', "is the hub's list of models: choose a repository"],
  ['api', "is an address of the hub's API: paste that of the page"],
  ...['blog', 'docs', 'posts', 'learn', 'organizations', 'settings', 'join', 'login', 'chat', 'new', 'tasks'].map(
    (name) => [name, page] as const,
  ),
])

const otherPages = new Map([
  ['discussions', 'is a page of discussions or of a pull request, which shows no files'],
  ['commit', 'is the page of a commit: paste that of the files at it (/tree/COMMIT)'],
  ['commits', 'is a history: paste the page of the files (/tree/COMMIT)'],
  ['settings', 'is the settings page of a repository'],
  ['edit', 'is the page to edit a file: paste that of the file'],
])

/** What the page is, if the first part of its path is not an owner; null for an owner. */
export const ownPageOf = (first: string): string | null => ownPages.get(first) ?? null

/** What a repository's page is, if it does not show files; null if it is unknown. */
export const otherPageOf = (verb: string): string | null => otherPages.get(verb) ?? null
