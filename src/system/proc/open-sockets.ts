import { readdirSync, readlinkSync } from 'node:fs'

/** Whether a process has one of these socket inodes open; null if its descriptors may not be read. */
export const holdsSocket = (pid: number, inodes: ReadonlySet<number>): boolean | null => {
  let descriptors: string[]
  try {
    descriptors = readdirSync(`/proc/${pid}/fd`)
  } catch {
    // It belongs to another user, or has ended.
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
