import type { SystemdHost } from '../support/systemd-host.ts'

/** Where an installation may leave something. The machine's other folders are visible in the host too, and other programs write there. */
const looked = ['/etc', '/usr', '/var', '/opt', '/srv']
/** Files that a running system writes by itself. */
const left = ['/var/tmp', '/var/log']

/** Every name on the host: in the root folder, and below the folders above. */
export const names = async (host: SystemdHost): Promise<string[]> => {
  const prune = left.flatMap((path) => ['-path', path, '-o']).slice(0, -1)
  const top = await host.must(['find', '/', '-maxdepth', '1'])
  const found = await host.must(['find', ...looked, '-xdev', '(', ...prune, ')', '-prune', '-o', '-print'])
  return `${top}${found}`.split('\n').filter(Boolean).sort()
}

/** Where setup writes, or the systemd, sysusers and usermod that it calls. */
const written = [
  ...['/etc/hal0', '/var/lib/hal0', '/usr/lib/hal0', '/usr/bin/hal0', '/etc/systemd/system', '/etc/polkit-1'],
  ...['/usr/lib/sysusers.d', '/usr/lib/tmpfiles.d', '/etc/passwd', '/etc/group', '/etc/shadow', '/etc/gshadow'],
]

/** Every name there with its owner, mode, inode, change times and, for links, target. */
export const details = async (host: SystemdHost): Promise<string[]> => {
  const found = await host.must(['find', ...written, '-printf', '%p %u:%g %m %T@ %C@ %i %l\\n'])
  // The API changes its own database and lock while it runs.
  return found.split('\n').filter((line) => !/\.(db|lock)|^\/var\/lib\/hal0 /.test(line))
}

export const added = (before: readonly string[], after: readonly string[]): string[] => {
  const known = new Set(before)
  return after.filter((name) => !known.has(name))
}
