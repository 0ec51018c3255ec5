/** The host and the release source for an update of this machine. */
import { readFile, realpath } from 'node:fs/promises'
import { Hal0Error } from '../lib/hal0-error.ts'
import { localUrl, readServerSettings, type ServerSettings } from '../system/config/server-config.ts'
import { errnoOf } from '../system/files/storage-error.ts'
import { configFile } from '../system/paths.ts'
import { systemdService } from './api-service.ts'
import { downloadLimits, type Host, manifestLimits } from './host.ts'
import { checkPermission, findInstallation, type Installation, installedVersion, notPermitted } from './installation.ts'
import { builtInUrl } from './release/built-in-url.ts'
import { pinnedKeys } from './release/keys.ts'
import { targetOf } from './release/target.ts'
import type { ReleaseSource } from './update.ts'

export interface UpdateUi {
  say(sentence: string): void
  progress(received: number, total: number): void
  /** Aborts downloads; later steps are not interrupted. */
  signal: AbortSignal
}

const settingsOf = async ({ paths }: Installation): Promise<ServerSettings> => {
  try {
    return await readServerSettings(paths, {})
  } catch (error) {
    if (error instanceof Hal0Error && error.details.errno === 'EACCES') throw notPermitted(configFile(paths), error)
    throw error
  }
}

/** @param forChange whether something will be changed. @throws Hal0Error `update.not_installed`, `update.not_permitted`, `config.invalid` */
export const openHost = async (ui: UpdateUi, forChange: boolean): Promise<{ host: Host; settings: ServerSettings }> => {
  const installation = await findInstallation({
    env: process.env,
    isRoot: process.getuid?.() === 0,
    program: await realpath(process.execPath),
  })
  await installedVersion(installation.paths)
  if (forChange) await checkPermission(installation)
  const settings = await settingsOf(installation)
  const { paths, scope } = installation
  const { HAL0_API_KEY = '' } = process.env
  const host: Host = {
    paths,
    service:
      scope === null
        ? null
        : systemdService(scope, localUrl(settings), {
            data: paths.data,
            key: HAL0_API_KEY === '' ? null : HAL0_API_KEY,
          }),
    fetch,
    manifestLimits: { ...manifestLimits, signal: ui.signal },
    downloadLimits: { ...downloadLimits, signal: ui.signal },
    now: Date.now,
    sleep: Bun.sleep,
    say: ui.say,
    progress: ui.progress,
  }
  return { host, settings }
}

/** @param url of the manifest, if given on the command line. @throws Hal0Error `update.not_configured`, `update.untrusted` */
export const releaseSource = async (url: string | null, { updateUrl }: ServerSettings): Promise<ReleaseSource> => {
  const known = url ?? updateUrl ?? builtInUrl()
  if (known === null) {
    throw new Hal0Error(
      'update.not_configured',
      'This build has no address for updates. Set one: hal0 config set update.url=https://…/manifest.json ([update] url in hal0.toml), or give it with --url.',
    )
  }
  const { platform, arch } = process
  return { url: known, keys: pinnedKeys(), target: targetOf({ platform, arch, cpuinfo: await readCpuinfo() }) }
}

/** Empty if the system has no such file: then no CPU flags are known. */
const readCpuinfo = async (): Promise<string> => {
  try {
    return await readFile('/proc/cpuinfo', 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return ''
    throw error
  }
}
