/** Where at the hub something comes from: the fields that requests share. */
import { Type } from 'typebox'

/** `owner/name` at the hub, in its alphabet; no part begins with a dot, so that none leads out of a folder. */
export const repoPattern = '^[A-Za-z0-9][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9][A-Za-z0-9_.-]{0,95}$'

/** What no name has: separators of addresses and of Windows, and control characters. For the inside of a character class. */
const never = String.raw`/\\?#\u0000-\u001f\u007f-\u009f`
/** One name of a path: neither `.` nor `..`, not empty, at most what a file system takes. @param first what it does not begin with */
const part = (first: string): string =>
  `(?:[^.${first}${never}][^${never}]{0,254}|\\.[^.${never}][^${never}]{0,253}|\\.\\.[^${never}]{1,253})`
const path = `${part(':')}(?:/${part('')})*`
/** `.gguf` alone is no name. */
const ggufPath = `${path}\\.[Gg][Gg][Uu][Ff]`

/** A label in the file's name, as `:Q4_K_M` or `:I-Compact`; `:latest` is the usual choice. */
const label = `:[^:\\s${never}]{1,128}`
export const labelPattern = `^${label}$`
export const filePattern = `^(?:${label}|${ggufPath})$`
export const folderPattern = `^${path}$`
/** What names of branches are made of, less what would mean something in an address. */
const refPart = "[A-Za-z0-9_!$%&'()+,;=@{}-]+"
export const revisionPattern = `^${refPart}(?:[./]${refPart})*$`

/** Characters of a path. All of a query, escaped, fits into the 8192 characters of an address that are read. */
export const longestFile = 400
export const longestFolder = 128

export const HubRepo = Type.String({ pattern: repoPattern, description: 'owner/name at the hub.' })

export const HubFile = Type.String({
  minLength: 1,
  maxLength: longestFile,
  pattern: filePattern,
  description:
    'Path of a GGUF file in the repository; of a sharded model any shard stands for all. `:LABEL` picks by the label in the name, as `:Q4_K_M`.',
})

export const HubFolder = Type.String({ minLength: 1, maxLength: longestFolder, pattern: folderPattern })

export const HubRevision = Type.String({
  minLength: 1,
  maxLength: 256,
  pattern: revisionPattern,
  description: 'Branch, tag or commit; main.',
})

/** What is wrong with a text that a pattern refuses, as the end of a sentence; a pattern itself tells a person nothing. */
export const patternReasons: Readonly<Record<string, string>> = {
  [repoPattern]: 'must be OWNER/NAME, as the hub writes it',
  [filePattern]: 'must be the path of a GGUF file in the repository, or :LABEL such as :Q4_K_M',
  [folderPattern]: 'must be the path of a folder in the repository',
  [revisionPattern]: 'must be a branch, a tag or a commit',
}
