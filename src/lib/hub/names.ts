/**
 * Names that become paths and addresses: repositories, files in them, ids of models, and digests. They come from requests, hubs and
 * files on the disk, so each has one parser, and what makes a path or an address of a name takes only what that parser has returned.
 */
import type { TSchema } from 'typebox'
import { HubRepo } from '../../contract/models/hub-source.ts'
import { ModelPackage } from '../../contract/models/package-source.ts'
import { Sha256 } from '../../contract/schema/pattern.ts'
import { ModelId as ModelIdText } from '../../contract/slot.ts'
import { bounded } from '../bounded.ts'
import { Hal0Error } from '../hal0-error.ts'
import { problemsOf } from '../validate.ts'
import { isSafeRemotePath } from './remote-path.ts'

declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** OWNER/NAME at the hub, or `pypi:NAME` for a package. */
export type RepoRef = Branded<'RepoRef'>
/** Path of a file in a repository or an archive: relative, and without a part that leads elsewhere. */
export type RemotePath = Branded<'RemotePath'>
export type ModelId = Branded<'ModelId'>
/** sha256, 64 lower-case hexadecimal digits. */
export type Digest = Branded<'Digest'>

const longestShown = 200

const refused = (text: string, reason: string): Hal0Error =>
  new Hal0Error('request.invalid', `${JSON.stringify(bounded(text, longestShown))} ${reason}.`)

const fits = (schema: TSchema, text: string): boolean => problemsOf(schema, text).length === 0

/** @throws Hal0Error `request.invalid` */
export const repoRef = (text: string): RepoRef => {
  const [, name] = /^pypi:(.*)$/s.exec(text) ?? []
  const isRepo = name === undefined ? fits(HubRepo, text) : fits(ModelPackage.properties.name, name)
  if (isRepo) return text as RepoRef
  throw refused(text, 'is not a repository: it must be OWNER/NAME, as the hub writes it, or pypi:NAME')
}

/** @throws Hal0Error `request.invalid` */
export const remotePath = (text: string): RemotePath => {
  if (isSafeRemotePath(text)) return text as RemotePath
  throw refused(text, 'is not the path of a file in a repository')
}

/** @throws Hal0Error `request.invalid` */
export const modelId = (text: string): ModelId => {
  if (fits(ModelIdText, text)) return text as ModelId
  throw refused(text, problemsOf(ModelIdText, text)[0]?.reason ?? '')
}

/** @throws Hal0Error `request.invalid` */
export const digest = (text: string): Digest => {
  if (fits(Sha256, text)) return text as Digest
  throw refused(text, problemsOf(Sha256, text)[0]?.reason ?? '')
}
