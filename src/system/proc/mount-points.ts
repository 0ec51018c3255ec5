/** What is mounted where, by /proc/self/mountinfo (proc_pid_mountinfo(5)). */
import { readFile } from 'node:fs/promises'

/** mountinfo writes space, tab, newline and backslash as octal escapes. @param text read as latin1: bytes stay bytes */
export const decodeOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

/**
 * Mount points at `folder` and below it.
 * @param folder absolute, without links
 */
export const mountPointsIn = async (folder: string): Promise<string[]> => {
  const mountinfo = await readFile('/proc/self/mountinfo', 'latin1')
  return mountinfo
    .split('\n')
    .map((line) => Buffer.from(decodeOctal(line.split(' ')[4] ?? ''), 'latin1').toString())
    .filter((point) => point === folder || point.startsWith(`${folder}/`))
}
