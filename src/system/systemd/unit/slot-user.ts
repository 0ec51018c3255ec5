/** The user that the host's template unit runs backends as. */
import { readFileSync } from 'node:fs'

export const slotUser = 'hal0-slot'

/** The number of that user; null where there is none (a user's own installation). */
export const slotUid = (): number | null => {
  try {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((one) => one.startsWith(`${slotUser}:`))
    const uid = Number(line?.split(':')[2])
    return line !== undefined && Number.isSafeInteger(uid) ? uid : null
  } catch {
    // A host without that file has the user nowhere that systemd could find it either.
    return null
  }
}
