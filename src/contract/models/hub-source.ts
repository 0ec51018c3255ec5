/** Where something is at the hub: the fields that requests share. */
import { patterned } from '../schema/pattern.ts'

/** `owner/name` at the hub, in its alphabet; no part begins with a dot, so that none leads out of a folder. */
export const repoPattern = '^[A-Za-z0-9][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9][A-Za-z0-9_.-]{0,95}$'

/** What no name contains: separators of addresses and of Windows, and control characters. For use in a character class. */
const never = String.raw`/\\?#\u0000-\u001f\u007f-\u009f`
/** One part of a path: not `.`, `..` or empty, and not longer than a file system allows. @param first what it may not begin with */
const part = (first: string): string =>
  `(?:[^.${first}${never}][^${never}]{0,254}|\\.[^.${never}][^${never}]{0,253}|\\.\\.[^${never}]{1,253})`
const path = `${part(':')}(?:/${part('')})*`
/** `.gguf` alone is not a name. */
const ggufPath = `${path}\\.[Gg][Gg][Uu][Ff]`

/** A label in the file name, like `:Q4_K_M` or `:I-Compact`; `:latest` means the default. */
const label = `:[^:\\s${never}]{1,128}`
export const labelPattern = `^${label}$`
export const filePattern = `^(?:${label}|${ggufPath})$`
export const ggufPathPattern = `^${ggufPath}$`
export const folderPattern = `^${path}$`
/** The characters of branch names, except those with a meaning in addresses. */
const refPart = "[A-Za-z0-9_!$%&'()+,;=@{}-]+"
export const revisionPattern = `^${refPart}(?:[./]${refPart})*$`

/** Maximum length of a path. A whole escaped query fits into the 8192 characters of an address that are read. */
export const longestFile = 400
export const longestFolder = 128

export const HubRepo = patterned(repoPattern, 'must be OWNER/NAME, as the hub writes it', {
  description: 'owner/name at the hub.',
})

export const HubFile = patterned(
  filePattern,
  'must be the path of a GGUF file in the repository, or :LABEL such as :Q4_K_M',
  {
    minLength: 1,
    maxLength: longestFile,
    description:
      'Path of a GGUF file in the repository; of a sharded model any shard stands for all. `:LABEL` picks by the label in the name, as `:Q4_K_M`.',
  },
)

export const HubFolder = patterned(folderPattern, 'must be the path of a folder in the repository', {
  minLength: 1,
  maxLength: longestFolder,
})

export const HubRevision = patterned(revisionPattern, 'must be a branch, a tag or a commit', {
  minLength: 1,
  maxLength: 256,
  description: 'Branch, tag or commit; main.',
})
