/** What a daemon that listens, or cannot, does and says, by the way it runs. */
import { fstatSync } from 'node:fs'
import type { GrantedScope } from '../contract/caller.ts'
import { portRangeOf } from '../lib/port-range.ts'
import type { ServerSettings } from './config/server-config.ts'
import { checkListening } from './listen-scope.ts'
import { type Paths, socketFile } from './paths.ts'
import { unitOf } from './proc/process-unit.ts'
import { nextFreePort } from './process/port-holder.ts'
import { apiUnit, type HostingCommands, hostingCommands, hostingOf, thisCaller } from './systemd/hosting.ts'

export interface ListenAdvice {
  /** What a person types to give this daemon another port than the one that it cannot have. */
  otherPort(refused: number): string
  /** Wait for an address that the machine may get later: a service starts at boot, when the network is often late. */
  waitsForAddress: boolean
  /** Whether what the daemon prints is seen by whoever started it, and not written into the journal or a file, where no key belongs. */
  isWatched: boolean
  socket: SocketPlace
  /**
   * What programs on this machine may do without a key: on an installed host there may be accounts of other people, and containers; a hal0
   * of one's own is for oneself.
   */
  local: GrantedScope
}

export interface SocketPlace {
  path: string
  /** The members of the group of hal0 may open it; otherwise only its user. */
  isForGroup: boolean
}

/** A free port to propose in place of one that is taken; the ports of slots are left to them. */
export const otherPortFor = (taken: number, slotPorts: string): number => {
  const range = portRangeOf(slotPorts)
  return nextFreePort(taken, (port) => range !== null && port >= range.first && port <= range.last)
}

/** Whether this process is the one that systemd runs as the API. */
export const isApiService = async (): Promise<boolean> => (await unitOf('self')) === apiUnit

/** @throws Hal0Error `config.invalid` for an address that hal0 should not listen on */
export const listenAdvice = async (
  paths: Paths,
  { host, behindProxy, slotPorts }: Pick<ServerSettings, 'host' | 'behindProxy' | 'slotPorts'>,
): Promise<ListenAdvice> => {
  checkListening(host, behindProxy)
  const caller = thisCaller()
  const isService = await isApiService()
  const hosting = hostingOf(paths, caller)
  const isInstalled = hosting === 'service'
  const commands: Pick<HostingCommands, 'usePort'> = isService
    ? hostingCommands(hosting, caller.isRoot)
    : { usePort: (port) => `hal0 serve --port ${port}` }
  return {
    otherPort: (refused) => commands.usePort(otherPortFor(refused, slotPorts)),
    waitsForAddress: isService,
    isWatched: !isService && !fstatSync(process.stdout.fd).isFile(),
    socket: { path: socketFile(caller.env, caller.isRoot), isForGroup: isInstalled },
    local: isInstalled ? 'infer' : 'admin',
  }
}
