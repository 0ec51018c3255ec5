/**
 * How `hal0 slot-exec` tells that it could not become the backend: by its exit status, out of the range that the Linux
 * Standard Base leaves to applications (150–199) and systemd does not use. Once the backend runs, the status is its own.
 */

const base = 150

/** Reasons by exit status, from 150 on; the order is kept for ever, since an older daemon may read a newer launcher. */
const reasons: readonly string[] = [
  /** The launch file is missing, torn, or may not be read. */
  'ELAUNCH',
  'ENOENT',
  'ENOTDIR',
  'EACCES',
  'EPERM',
  'ENOEXEC',
  'E2BIG',
  'ENOMEM',
  'EAGAIN',
  'EMFILE',
  'ENFILE',
  'ETXTBSY',
  'ELOOP',
  'EIO',
]

const other = base + 49

/** Exit status of the launcher for an errno of execve or chdir. */
export const launchStatus = (errno: string): number => {
  const index = reasons.indexOf(errno)
  return index < 0 ? other : base + index
}

/** The errno behind an exit status of the launcher; null when the status is none of it, '' when the errno is not in the table. */
export const launchErrno = (status: number): string | null => {
  if (status === other) return ''
  return reasons[status - base] ?? null
}
