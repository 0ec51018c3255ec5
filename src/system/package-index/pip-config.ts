/** What pip's configuration files say about the index, so that a machine which is set up for pip needs no other settings. */
import { join } from 'node:path'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { log } from '../../lib/log.ts'
import { readTextIfThere } from '../files/read-text.ts'

export type Env = Record<string, string | undefined>

/** A value, and where it was stated, for messages. */
export interface Stated {
  value: string
  from: string
}

/** Name of the section, a full stop and the key: `global.index-url`. */
export type PipConfig = ReadonlyMap<string, Stated>

/** With this as PIP_CONFIG_FILE, pip reads no file at all. */
const nothing = '/dev/null'

/** The files that pip reads on Linux; a later one wins. Those of a virtual environment are left out. */
export const pipConfigFiles = (env: Env): string[] => {
  const named = env.PIP_CONFIG_FILE ?? ''
  if (named === nothing) return []
  const shared = (env.XDG_CONFIG_DIRS || '/etc/xdg').split(':').map((folder) => join(folder, 'pip/pip.conf'))
  const all = [...shared, '/etc/pip.conf']
  // pip does not read the user's own files then.
  if (named !== '') return [...all, named]
  if ((env.HOME ?? '') === '') return all
  const home = env.HOME ?? ''
  return [...all, join(home, '.pip/pip.conf'), join(env.XDG_CONFIG_HOME || join(home, '.config'), 'pip/pip.conf')]
}

/** Parses one file, as Python's configparser does; of a value with several lines the first one counts. Pure. */
export const parsePipConfig = (text: string, from: string): Map<string, Stated> => {
  const found = new Map<string, Stated>()
  let section = ''
  /** The key whose value stands on the next lines. */
  let open: string | null = null
  for (const line of text.split(/\r?\n/)) {
    const bare = line.trim()
    if (bare === '' || /^[#;]/.test(bare)) continue
    if (open !== null && /^\s/.test(line)) {
      if (!found.has(open)) found.set(open, { value: bare, from })
      continue
    }
    open = null
    const head = /^\[([^\]]+)\]$/.exec(bare)
    if (head?.[1] !== undefined) {
      section = head[1].trim()
      continue
    }
    const [, key = '', value = ''] = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(bare) ?? []
    if (key === '') continue
    const name = `${section}.${key.toLowerCase().replaceAll('_', '-').replace(/^-+/, '')}`
    if (value === '') {
      open = name
      found.delete(name)
    } else found.set(name, { value, from })
  }
  return found
}

/** Reads the files. One that cannot be read is left out, as pip does, and the log says so. */
export const readPipConfig = async (env: Env): Promise<PipConfig> => {
  const all = new Map<string, Stated>()
  for (const path of pipConfigFiles(env)) {
    try {
      const text = await readTextIfThere(path, "read pip's configuration")
      for (const [name, stated] of parsePipConfig(text ?? '', path)) all.set(name, stated)
    } catch (error) {
      log.warn(`${Hal0Error.from(error).message} Until then it does not count.`)
    }
  }
  return all
}

/** A setting of `pip install`: what the command's section says wins over `[global]`. */
export const pipSetting = (config: PipConfig, key: string): Stated | null =>
  config.get(`install.${key}`) ?? config.get(`global.${key}`) ?? null
