/** The composition root: builds the daemon, listens, and shuts down in order. */
import { existsSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import type { Server } from 'bun'
import packageJson from '../package.json' with { type: 'json' }
import type { Status } from './contract/system.ts'
import { Decisions } from './dispatch/decisions.ts'
import { makeDispatch } from './dispatch/dispatcher.ts'
import { openAiModels } from './dispatch/openai.ts'
import { makeApp } from './http/app.ts'
import { errorResponse } from './http/errors.ts'
import { listen } from './http/listen.ts'
import { addSecurityHeaders, withSecurityHeaders } from './http/security-headers.ts'
import { log } from './lib/log.ts'
import { withDeadline } from './lib/with-deadline.ts'
import { openHub } from './models/hub-setup.ts'
import { Pulls } from './models/pulls.ts'
import { ModelRegistry } from './models/registry.ts'
import { Engines } from './providers/engines/engines.ts'
import { LlamaCpp } from './providers/llamacpp/provider.ts'
import { systemClock } from './slots/clock.ts'
import { SlotConfigStore } from './slots/config-store.ts'
import { loadHistoryOnDisk } from './slots/load-history.ts'
import { SlotManager } from './slots/manager.ts'
import { makePlanner } from './slots/planner.ts'
import { PortAllocator } from './slots/port-allocator.ts'
import { parsePortRange } from './slots/ports.ts'
import { httpProbe } from './slots/probe.ts'
import { recordStoreOnDisk } from './slots/record-store.ts'
import { sweepTemps } from './system/atomic-file.ts'
import { lockDataFolder } from './system/daemon-lock.ts'
import { databaseFile, findPaths, hubTokenFile, modelsDir, type Paths, slotConfigDir } from './system/paths.ts'
import { bootId } from './system/proc/boot-id.ts'
import { ProcessSupervisor } from './system/process/process-supervisor.ts'
import { readServerSettings, type ServerOptions, type ServerSettings } from './system/server-config.ts'
import type { Supervisor } from './system/supervisor.ts'
import { findSystemd } from './system/systemd/find-systemd.ts'
import { makeSystemctl } from './system/systemd/systemctl.ts'
import { SystemdSupervisor } from './system/systemd/systemd-supervisor.ts'

/** Requests in flight get this long to end before their connections are closed. */
const drainMs = 10_000
const closeMs = 500

/** Inside the executable the dashboard lies beside this module; in a checkout it is what `npm run build` made. */
const findDashboard = (): string | null =>
  [join(import.meta.dir, 'web'), join(import.meta.dir, '../dist/web')].find((folder) =>
    existsSync(join(folder, 'index.html')),
  ) ?? null

const chooseSupervisor = ({ supervisor }: ServerSettings, paths: Paths): Supervisor => {
  if (supervisor === 'process') return new ProcessSupervisor({ paths })
  const found = findSystemd(paths, process.env)
  if (found.scope !== null) return new SystemdSupervisor({ paths, systemctl: makeSystemctl(found.scope) })
  if (supervisor === 'systemd') throw found.reason
  return new ProcessSupervisor({ paths })
}

/**
 * Takes no new connection, lets requests in flight end, then closes what is left. What counts is requests: Bun's `stop()` waits
 * for idle connections of browsers too, and does not always resolve with them (seen with Bun 1.4.5 and Chromium).
 */
const drain = async (server: Server<undefined>): Promise<void> => {
  const stopped = server.stop()
  const until = performance.now() + drainMs
  while (server.pendingRequests > 0 && performance.now() < until) await Bun.sleep(20)
  await withDeadline(Promise.all([stopped, server.stop(true)]), closeMs, null)
}

const untilAskedToStop = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(signal))
  })

/**
 * Runs the daemon until SIGINT or SIGTERM. The backends outlive it.
 * @throws Hal0Error `config.invalid`, `storage.failed` when it cannot start
 */
export const serve = async (options: ServerOptions): Promise<void> => {
  const paths = findPaths(process.env, process.getuid?.() === 0)
  // Backends listen on loopback: no proxy of the environment may come between.
  process.env.NO_PROXY = [process.env.NO_PROXY, '127.0.0.1', 'localhost'].filter(Boolean).join(',')
  const settings = await readServerSettings(paths, options)
  using _lock = await lockDataFolder(paths.data)
  for (const folder of [paths.config, slotConfigDir(paths)]) await sweepTemps(folder)
  const models = await ModelRegistry.open(modelsDir(paths))
  const engines = new Engines(paths, process.env)
  const supervisor = chooseSupervisor(settings, paths)
  const decisions = new Decisions({ file: databaseFile(paths), keep: settings.keepDecisions })
  const pulls = new Pulls({
    folder: modelsDir(paths),
    ...openHub(process.env, settings.mirrors, hubTokenFile(paths)),
    registry: models,
    clock: systemClock,
    memoryBytes: totalmem(),
  })
  await pulls.resume()
  const slots = new SlotManager({
    clock: systemClock,
    bootId: bootId(),
    supervisor,
    planner: makePlanner(models, [new LlamaCpp(engines, process.env)], (id) => pulls.knows(id)),
    pulls,
    probe: httpProbe(systemClock),
    configs: new SlotConfigStore(paths),
    records: recordStoreOnDisk(paths),
    history: loadHistoryOnDisk(paths),
    ports: new PortAllocator(parsePortRange(settings.slotPorts), new Set([settings.port]), supervisor),
  })
  await slots.open()

  const problems = () => {
    const log = decisions.problem()
    return [...models.problems(), ...slots.problems(), ...(log === null ? [] : [log])]
  }
  const began = performance.now()
  let url = ''
  const status = (): Status => ({
    version: packageJson.version,
    uptime_s: Math.round((performance.now() - began) / 1000),
    pid: process.pid,
    supervisor: supervisor.kind,
    url,
    problems: problems(),
    slots: slots.overview(),
  })
  const app = await makeApp({
    slots,
    models,
    pulls,
    engines,
    dispatch: makeDispatch({
      slots,
      models,
      decisions,
      respond: (error, requestId) => {
        const response = errorResponse(error, { method: 'POST', url: `/v1 (request ${requestId})` })
        response.headers.set('x-request-id', requestId)
        return withSecurityHeaders(response)
      },
      addHeaders: addSecurityHeaders,
      maxBodyBytes: settings.maxBodyBytes,
    }),
    openaiModels: () => openAiModels(slots.views(), (id) => models.get(id)),
    decisions,
    status,
    version: packageJson.version,
    allowedHosts: settings.allowedHosts,
    webDir: findDashboard(),
  })
  const server = await listen(app, settings)
  url = `http://${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${server.port}`
  console.log(`hal0 ${packageJson.version} listens on ${url}`)
  for (const problem of problems()) log.warn(problem)

  await untilAskedToStop()
  const running = slots.overview().filter(({ state }) => state !== 'offline' && state !== 'error')
  const names = running.map(({ name }) => name).join(', ')
  log.info(names === '' ? 'stopping' : `stopping; ${names} keeps running, and the next hal0 serve takes it over`)
  app.streams.closeAll()
  await drain(server)
  await pulls.close()
  await slots.close()
  decisions.close()
  supervisor.close()
}
