import { readdirSync, readlinkSync } from 'node:fs'

/** Whether a process holds one of these socket inodes open; null when its descriptors may not be read. */
export const holdsSocket = (pid: number, inodes: ReadonlySet<number>): boolean | null => {
  let descriptors: string[]
  try {
    descriptors = readdirSync(`/proc/${pid}/fd`)
  } catch {
    // Of another user, or ended meanwhile.
    return null
  }
  for (const descriptor of descriptors) {
    let target: string
    try {
      target = readlinkSync(`/proc/${pid}/fd/${descriptor}`)
    } catch {
      // Closed since the folder was listed.
      continue
    }
    const [, inode] = /^socket:\[(\d+)\]$/.exec(target) ?? []
    if (inode !== undefined && inodes.has(Number(inode))) return true
  }
  return false
}
