/** Shape of hal0.toml (spec §6, §7). Unknown keys are kept and ignored. */
import { type Static, Type } from 'typebox'

export const ServerConfig = Type.Object({
  host: Type.Optional(Type.String({ minLength: 1, description: 'Address to listen on; 127.0.0.1 by default.' })),
  port: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535, description: '8080 by default.' })),
  supervisor: Type.Optional(Type.Enum(['auto', 'systemd', 'process'])),
  allowed_hosts: Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), { description: 'Host names that clients may use besides loopback.' }),
  ),
  max_body_mb: Type.Optional(Type.Number({ minimum: 0.001, maximum: 1024, description: 'Largest request body; 64.' })),
  slots: Type.Optional(
    Type.Object({ ports: Type.Optional(Type.String({ pattern: '^\\d{1,5}-\\d{1,5}$', description: '8081-8099' })) }),
  ),
  engines: Type.Optional(
    Type.Object({
      'llama.cpp': Type.Optional(
        Type.String({ minLength: 1, description: 'Installed engine id or path of a program.' }),
      ),
    }),
  ),
  hub: Type.Optional(
    Type.Object({
      mirrors: Type.Optional(
        Type.Array(Type.String({ pattern: '^https?://' }), {
          maxItems: 16,
          description: 'Asked in this order instead of huggingface.co; HF_ENDPOINT wins.',
        }),
      ),
    }),
  ),
  update: Type.Optional(
    Type.Object({
      url: Type.Optional(
        Type.String({
          pattern: '^https?://',
          description: 'Address of the release manifest; --url of hal0 update wins.',
        }),
      ),
    }),
  ),
  decisions: Type.Optional(
    Type.Object({ keep: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000_000, description: '100000' })) }),
  ),
})
export type ServerConfig = Static<typeof ServerConfig>
