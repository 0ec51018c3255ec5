/** The routes about the daemon itself. */
import { Hardware } from '../hardware.ts'
import type { SettingsSchemas } from '../settings.ts'
import { Health, Status } from '../system.ts'
import { type Operation, op } from './operation.ts'

/** @param schemas of the settings: complete for the daemon, open for clients */
export const daemonOperations = ({ Settings, SettingsPatch }: SettingsSchemas) =>
  ({
    health: op({
      method: 'GET',
      path: '/api/health',
      scope: 'none',
      tag: 'daemon',
      summary: 'The process is up',
      replies: { 200: Health },
    }),
    status: op({
      method: 'GET',
      path: '/api/status',
      scope: 'infer',
      tag: 'daemon',
      summary: 'The daemon in short',
      replies: { 200: Status },
    }),
    showHardware: op({
      method: 'GET',
      path: '/api/hardware',
      scope: 'admin',
      tag: 'daemon',
      summary: 'This machine as it is now: processor, memory, GPUs, NPUs, disk',
      replies: { 200: Hardware },
    }),
    showSettings: op({
      method: 'GET',
      path: '/api/settings',
      scope: 'admin',
      tag: 'daemon',
      summary: 'The settings: hal0.toml and its defaults',
      replies: { 200: Settings },
    }),
    editSettings: op({
      method: 'PATCH',
      path: '/api/settings',
      scope: 'admin',
      tag: 'daemon',
      summary: 'Change settings; null resets a key to its default',
      body: SettingsPatch,
      replies: { 200: Settings },
    }),
  }) as const satisfies Record<string, Operation>
