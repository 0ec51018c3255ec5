/** What can go wrong with a package index. Who uses it says which error code each of these is. */
import type { ErrorCode } from '../../contract/error.ts'

export interface IndexCodes {
  /** It cannot be reached, broke off, or sent what nobody can read. */
  network: ErrorCode
  /** It does not have the package. */
  absent: ErrorCode
  /** It refuses its user name and password. */
  refused: ErrorCode
  /** A file is not what its checksum says. */
  checksum: ErrorCode
  /** The setting that names the index, or its certificates, is unusable. */
  setting: ErrorCode
}
