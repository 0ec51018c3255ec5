/** The user that the host's template unit runs backends as. */
import { readFileSync } from 'node:fs'

export const slotUser = 'hal0-slot'

/** The uid of that user; null if there is no such user (a user's own installation). */
export const slotUid = (): number | null => {
  try {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((one) => one.startsWith(`${slotUser}:`))
    const uid = Number(line?.split(':')[2])
    return line !== undefined && Number.isSafeInteger(uid) ? uid : null
  } catch {
    // Without that file, systemd could not find the user either.
    return null
  }
}
