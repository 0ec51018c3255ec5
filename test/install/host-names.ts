import type { SystemdHost } from '../support/systemd-host.ts'

/** What a running system writes by itself, the checkout that is bound into the host, and homes, which others use meanwhile. */
const left = ['/proc', '/sys', '/dev', '/run', '/tmp', '/var/tmp', '/var/log', '/root', '/home']

/** Every name on the host. */
export const names = async (host: SystemdHost): Promise<string[]> => {
  const checkout = new URL('../..', import.meta.url).pathname.replace(/\/$/, '')
  const prune = [...left, checkout].flatMap((path) => ['-path', path, '-o']).slice(0, -1)
  const found = await host.must(['find', '/', '-xdev', '(', ...prune, ')', '-prune', '-o', '-print'])
  return found.split('\n').filter(Boolean).sort()
}

/** What setup writes to, or the systemd, sysusers and usermod that it calls. */
const written = [
  ...['/etc/hal0', '/var/lib/hal0', '/usr/lib/hal0', '/usr/bin/hal0', '/etc/systemd/system', '/etc/polkit-1'],
  ...['/usr/lib/sysusers.d', '/usr/lib/tmpfiles.d', '/etc/passwd', '/etc/group', '/etc/shadow', '/etc/gshadow'],
]

/** Every name there with its owner, mode, inode, times of change and, for links, target. */
export const details = async (host: SystemdHost): Promise<string[]> => {
  const found = await host.must(['find', ...written, '-printf', '%p %u:%g %m %T@ %C@ %i %l\\n'])
  // The API's own database and lock change while it runs.
  return found.split('\n').filter((line) => !/\.(db|lock)|^\/var\/lib\/hal0 /.test(line))
}

export const added = (before: readonly string[], after: readonly string[]): string[] => {
  const known = new Set(before)
  return after.filter((name) => !known.has(name))
}
