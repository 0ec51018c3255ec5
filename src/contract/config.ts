/** Shape of hal0.toml (spec §6, §7). Unknown keys are kept and ignored. */
import { type Static, type TProperties, Type } from 'typebox'
import { patterned } from './schema/pattern.ts'

/** An address, whatever it is the address of. */
const web = ['^https?://', 'must be an address that begins with http:// or https://'] as const

/** Who needs a key; see the description of `auth`. */
export const AuthMode = Type.Enum(['auto', 'keys', 'open'], {
  description:
    'auto: programs on this machine need no key (on an installed host they may then only infer), everybody else does; keys: they do, too; open: nobody does, and everybody may do everything.',
})
export type AuthMode = Static<typeof AuthMode>

/** The keys of each table of hal0.toml except `[engines]`; `top` has the keys outside of any table. */
export const configKeys = {
  top: {
    host: Type.String({ minLength: 1, description: 'Address to listen on; 127.0.0.1 by default.' }),
    port: Type.Integer({ minimum: 0, maximum: 65_535, description: '8080 by default.' }),
    supervisor: Type.Enum(['auto', 'systemd', 'process']),
    allowed_hosts: Type.Array(Type.String({ minLength: 1 }), {
      description: 'Host names that clients may use besides loopback.',
    }),
    auth: AuthMode,
    behind_proxy: Type.Array(patterned('^[0-9A-Fa-f:.]{2,45}$', 'must be an address, as 192.168.1.2'), {
      maxItems: 16,
      description: 'Addresses of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto count.',
    }),
    cors_origins: Type.Array(patterned('^https?://[^/\\s]+$', 'must be an origin, as https://app.example'), {
      maxItems: 64,
      description: 'Origins of web pages that may use /v1 with a key.',
    }),
    max_body_mb: Type.Number({ minimum: 0.001, maximum: 1024, description: 'Largest request body; 64.' }),
    body_memory_mb: Type.Number({
      minimum: 1,
      maximum: 65_536,
      description: 'Memory for the bodies of all requests together, never less than for the largest; 256.',
    }),
    drain_s: Type.Integer({
      minimum: 0,
      maximum: 60,
      description: 'Seconds that requests under way get when hal0 is stopped; 10.',
    }),
  },
  slots: {
    ports: patterned('^\\d{1,5}-\\d{1,5}$', 'must be a range of ports, as 8081-8099', { description: '8081-8099' }),
  },
  hub: {
    mirrors: Type.Array(patterned(...web), {
      maxItems: 16,
      examples: [['https://hub.example']],
      description: 'Asked in this order instead of huggingface.co; HF_ENDPOINT wins.',
    }),
  },
  update: {
    url: patterned(...web, {
      description: 'Address of the release manifest; --url of hal0 update wins.',
      examples: ['https://releases.example/manifest.json'],
    }),
  },
  decisions: {
    keep: Type.Integer({ minimum: 1, maximum: 10_000_000, description: 'How many requests the log keeps; 100000.' }),
    keep_days: Type.Integer({ minimum: 1, maximum: 36_500, description: 'For how many days it keeps them; 90.' }),
    keep_mb: Type.Integer({ minimum: 1, maximum: 1_048_576, description: 'How large hal0.db may be; 256.' }),
  },
}

/** Value of a key of `[engines]`, whose keys are the names of providers. */
export const EngineChoice = Type.String({ minLength: 1, description: 'Installed engine id or path of a program.' })

/** The values of keys that hal0.toml leaves out; null: not set. */
export const configDefaults = {
  host: '127.0.0.1',
  port: 8080,
  supervisor: 'auto',
  allowed_hosts: [],
  auth: 'auto',
  behind_proxy: [],
  cors_origins: [],
  max_body_mb: 64,
  body_memory_mb: 256,
  drain_s: 10,
  slots: { ports: '8081-8099' },
  hub: { mirrors: [] },
  update: { url: null },
  decisions: { keep: 100_000, keep_days: 90, keep_mb: 256 },
} as const

const table = <const P extends TProperties>(keys: P) => Type.Partial(Type.Object(keys))

export const ServerConfig = Type.Partial(
  Type.Object({
    ...configKeys.top,
    slots: table(configKeys.slots),
    engines: Type.Record(Type.String(), EngineChoice),
    hub: table(configKeys.hub),
    update: table(configKeys.update),
    decisions: table(configKeys.decisions),
  }),
)
export type ServerConfig = Static<typeof ServerConfig>
