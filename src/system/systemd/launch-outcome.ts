/**
 * How `hal0 slot-exec` reports that it could not become the backend: by an exit status in the range 150–199, which the Linux
 * Standard Base leaves to applications and systemd does not use. Once the backend runs, the status is the backend's own.
 */

const base = 150

/** Reasons by exit status, from 150 on. The order must never change, since an older daemon may read a newer launcher's status. */
const reasons: readonly string[] = [
  /** The launch file is missing, torn, or not readable. */
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

/** The errno behind an exit status of the launcher; null if it is not one of the launcher's, '' if the errno is not in the table. */
export const launchErrno = (status: number): string | null => {
  if (status === other) return ''
  return reasons[status - base] ?? null
}
