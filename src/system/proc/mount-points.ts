/** Mount points according to /proc/self/mountinfo (proc_pid_mountinfo(5)). */
import { readFile } from 'node:fs/promises'

/** Decodes mountinfo's octal escapes for space, tab, newline and backslash. @param text read as latin1, so that bytes stay bytes */
export const decodeOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

/**
 * Mount points at and below `folder`.
 * @param folder absolute path with links resolved
 */
export const mountPointsIn = async (folder: string): Promise<string[]> => {
  const mountinfo = await readFile('/proc/self/mountinfo', 'latin1')
  return mountinfo
    .split('\n')
    .map((line) => Buffer.from(decodeOctal(line.split(' ')[4] ?? ''), 'latin1').toString())
    .filter((point) => point === folder || point.startsWith(`${folder}/`))
}
