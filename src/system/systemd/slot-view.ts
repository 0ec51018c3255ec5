/** What slots of a system installation do not see of this machine: what their template unit hides. */
import { join } from 'node:path'

/** ProtectHome=, PrivateTmp=, and hal0's data except models, engines and the slot's own folder. */
const closed = ['/home', '/root', '/run/user', '/tmp', '/var/tmp']
const open = ['models', 'engines']

/**
 * Whether `target` is invisible to slots of a system installation.
 * @param target a path without symbolic links
 * @param data folder of hal0's data
 */
export const isHiddenFromSlots = (target: string, data: string): boolean => {
  const below = (folder: string): boolean => target === folder || target.startsWith(`${folder}/`)
  if (open.some((name) => below(join(data, name)))) return false
  return below(data) || closed.some(below)
}
