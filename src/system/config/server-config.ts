/** hal0.toml with its defaults (spec §6, §7). */
import { type AuthMode, configDefaults, type ServerConfig } from '../../contract/config.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { readToml } from '../files/toml-file.ts'
import { configFile, type Paths } from '../paths.ts'
import { serverProblems } from './server-problems.ts'

export interface ServerSettings {
  host: string
  port: number
  supervisor: 'auto' | 'systemd' | 'process'
  allowedHosts: string[]
  auth: AuthMode
  /** Addresses of the reverse proxies whose X-Forwarded headers count. */
  behindProxy: string[]
  /** Origins of web pages that may use /v1 with a key. */
  corsOrigins: string[]
  maxBodyBytes: number
  /** Limit for the bodies of all requests together. */
  bodyMemoryBytes: number
  /** How long requests under way may take when the daemon stops, milliseconds. */
  drainMs: number
  /** e.g. "8081-8099" */
  slotPorts: string
  /** How much the log of requests keeps; the oldest goes first. */
  decisions: { rows: number; days: number; bytes: number }
  /** Hubs to ask instead of huggingface.co, in this order. */
  mirrors: string[]
  /** Address of the release manifest; null: none is configured. */
  updateUrl: string | null
}

/** Options from the command line, which win over the file. */
export type ServerOptions = Partial<Pick<ServerSettings, 'host' | 'port' | 'supervisor' | 'behindProxy'>>

/** Turns the table of a valid hal0.toml into settings. */
export const serverSettings = (file: ServerConfig, options: ServerOptions): ServerSettings => {
  // People write IPv6 addresses with brackets, as in a URL; the rest of hal0 uses them without.
  const host = (options.host ?? file.host ?? configDefaults.host).replace(/^\[(.*)\]$/, '$1')
  return {
    host,
    port: options.port ?? file.port ?? configDefaults.port,
    supervisor: options.supervisor ?? file.supervisor ?? configDefaults.supervisor,
    allowedHosts: file.allowed_hosts ?? [],
    auth: file.auth ?? configDefaults.auth,
    behindProxy: options.behindProxy ?? file.behind_proxy ?? [],
    corsOrigins: file.cors_origins ?? [],
    maxBodyBytes: Math.floor((file.max_body_mb ?? configDefaults.max_body_mb) * 1024 * 1024),
    bodyMemoryBytes: Math.floor((file.body_memory_mb ?? configDefaults.body_memory_mb) * 1024 * 1024),
    drainMs: (file.drain_s ?? configDefaults.drain_s) * 1000,
    slotPorts: file.slots?.ports ?? configDefaults.slots.ports,
    decisions: {
      rows: file.decisions?.keep ?? configDefaults.decisions.keep,
      days: file.decisions?.keep_days ?? configDefaults.decisions.keep_days,
      bytes: (file.decisions?.keep_mb ?? configDefaults.decisions.keep_mb) * 1024 * 1024,
    },
    mirrors: file.hub?.mirrors ?? [],
    updateUrl: file.update?.url ?? null,
  }
}

/**
 * The table of hal0.toml; empty if the file does not exist.
 * @throws Hal0Error `config.invalid` naming the file, the key and what is wrong with it
 */
export const readServerConfig = async (paths: Paths): Promise<ServerConfig> => {
  const path = configFile(paths)
  const table = (await readToml(path)) ?? {}
  const problem = serverProblems(table)[0]
  if (problem === undefined) return table as ServerConfig
  throw new Hal0Error(
    'config.invalid',
    `${path} is not valid: ${problem.field} ${problem.reason}. Correct it and start again.`,
    {
      param: problem.field,
      details: { path },
    },
  )
}

/** @throws Hal0Error `config.invalid` naming the file, the key and what is wrong with it */
export const readServerSettings = async (paths: Paths, options: ServerOptions): Promise<ServerSettings> =>
  serverSettings(await readServerConfig(paths), options)

/** `http://HOST:PORT`. @param host an IPv6 address comes without brackets, and gets them here */
export const httpUrl = (host: string, port: number): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}`

/** The address of the API for clients on this machine. */
export const localUrl = ({ host, port }: Pick<ServerSettings, 'host' | 'port'>): string => {
  const any: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' }
  return httpUrl(any[host] ?? host, port)
}
