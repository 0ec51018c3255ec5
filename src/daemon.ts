/** The composition root: builds the daemon, listens, and shuts down in order. */
import packageJson from '../package.json' with { type: 'json' }
import { Access } from './access/access.ts'
import type { Status } from './contract/system.ts'
import { BodyBudget } from './dispatch/body/body-budget.ts'
import { makeDispatch } from './dispatch/dispatcher.ts'
import { openAiModels } from './dispatch/targets/model-list.ts'
import { reachable } from './dispatch/targets/reachable.ts'
import { SlotTargets } from './dispatch/targets/slot-targets.ts'
import { Loopback } from './dispatch/upstream/loopback.ts'
import { sendError } from './http/answers/errors.ts'
import { relayedLines } from './http/answers/security-headers.ts'
import { accessService } from './http/api/access/service.ts'
import { makeApp } from './http/app.ts'
import { findDashboard } from './http/dashboard.ts'
import { drain } from './http/drain.ts'
import type { Front } from './http/front/front.ts'
import { listen } from './http/listen.ts'
import { systemClock } from './lib/clock.ts'
import { Hal0Error } from './lib/hal0-error.ts'
import { log } from './lib/log.ts'
import { Catalog, catalogEntries } from './models/catalog/catalog.ts'
import { roomOn } from './models/fit/machine-room.ts'
import { type FormatTable, modelFormats } from './models/formats/table.ts'
import { openHub } from './models/hub/client/hub-setup.ts'
import { Pulls } from './models/pull/pulls.ts'
import { downloadInThread } from './models/pull/thread/download-in-thread.ts'
import { ModelRegistry } from './models/registry/registry.ts'
import { ActivityLog } from './observability/log/activity-log.ts'
import { logPlace } from './observability/log/log-thread.ts'
import { observe } from './observability/observe.ts'
import { gpusOfDefault } from './providers/engines/engine-gpus.ts'
import { Engines } from './providers/engines/engines.ts'
import { type ProviderTable, providerTable } from './providers/table.ts'
import { Sections } from './slots/config/sections.ts'
import { SlotManager } from './slots/manager.ts'
import { modelUse } from './slots/model-use.ts'
import { PortAllocator } from './slots/ports/port-allocator.ts'
import { parsePortRange } from './slots/ports/ports.ts'
import { httpProbe } from './slots/run/effects/probe.ts'
import { makePlanner } from './slots/run/planner.ts'
import { backendKeysOnDisk } from './slots/store/backend-key.ts'
import { SlotConfigStore } from './slots/store/config-store.ts'
import { crashHistoryOnDisk } from './slots/store/crash-history.ts'
import { loadHistoryOnDisk } from './slots/store/load-history.ts'
import { recordStoreOnDisk } from './slots/store/record-store.ts'
import { swapJournalOnDisk } from './slots/store/swap-journal.ts'
import { chooseSupervisor, slotView } from './system/choose-supervisor.ts'
import { loopbackDirect } from './system/config/no-proxy.ts'
import { httpUrl, localUrl, readServerSettings, type ServerOptions } from './system/config/server-config.ts'
import { ServerSettingsFile } from './system/config/settings.ts'
import { settingsTrial } from './system/config/settings-trial.ts'
import { recordDaemonAddress } from './system/daemon-address.ts'
import { clientsWithin, descriptorLimit, openDescriptors } from './system/descriptors.ts'
import { sweepTemps } from './system/files/atomic-file.ts'
import { lockDataFolder } from './system/files/daemon-lock.ts'
import { EventClock } from './system/files/event-clock.ts'
import { readMachine } from './system/hardware/read-machine.ts'
import { listenAdvice } from './system/listen-advice.ts'
import { eventClockFile, findPaths, hubTokenFile, modelsDir, slotConfigDir } from './system/paths.ts'
import { bootId } from './system/proc/boot-id.ts'
import { listenForStop } from './system/stop-signals.ts'

/** However large a body is, small ones must still find room in the memory for bodies. */
const smallBodiesBytes = 16 * 1024 * 1024

/** The providers and model formats that hal0 supports. */
export interface Tables {
  providers: ProviderTable
  formats: FormatTable
}

/**
 * Runs the daemon until it is asked to stop. The backends outlive it.
 * @param tables the supported providers and model formats
 * @throws Hal0Error `config.invalid`, `storage.failed` when it cannot start
 */
export const serve = async (
  options: ServerOptions,
  { providers: table, formats }: Tables = { providers: providerTable, formats: modelFormats },
): Promise<void> => {
  const paths = findPaths(process.env, process.getuid?.() === 0)
  Object.assign(process.env, loopbackDirect(process.env))
  const settings = await readServerSettings(paths, options)
  const advice = await listenAdvice(paths, settings)
  const stopping = new AbortController()
  using _lock = await lockDataFolder(paths.data)
  for (const folder of [paths.config, paths.data, slotConfigDir(paths)]) {
    // A broken folder is reported by whoever needs it; leftovers in it do no harm.
    await sweepTemps(folder).catch((error: unknown) => log.warn(Hal0Error.from(error).message))
  }
  const models = await ModelRegistry.open(modelsDir(paths), { formats, isOutOfReach: slotView(settings, paths) })
  const engines = new Engines(
    paths,
    process.env,
    table.map(({ engine }) => engine),
  )
  const providers = await Promise.all(table.map((row) => row.start({ engines, env: process.env })))
  const [first, ...others] = table
  const sections = new Sections([first.section, ...others.map(({ section }) => section)])
  const supervisor = chooseSupervisor(settings, paths)
  const eventClock = await EventClock.open(eventClockFile(paths))
  const activity = new ActivityLog({
    start: () => new Worker(new URL('./log-thread.ts', import.meta.url), { smol: true }),
    ...logPlace(paths, settings.decisions),
    time: () => eventClock.now(),
  })
  const room = async () => {
    const [machine, usable] = await Promise.all([readMachine(paths.data), gpusOfDefault(engines, first.engine)])
    return roomOn(machine, usable)
  }
  const catalog = new Catalog({
    entries: catalogEntries,
    registry: models,
    providers: providers.map(({ name }) => name),
    room,
  })
  const hub = openHub(process.env, settings.mirrors, hubTokenFile(paths))
  const pulls = new Pulls({
    folder: modelsDir(paths),
    ...hub,
    download: downloadInThread(() => new Worker(new URL('./pull-thread.ts', import.meta.url)), hub.place),
    registry: models,
    clock: systemClock,
    catalog,
    room,
  })
  await pulls.resume()
  const slots = new SlotManager({
    clock: systemClock,
    bootId: bootId(),
    supervisor,
    planner: makePlanner(models, providers, {
      knows: (id) => pulls.knows(id),
      refusalOf: (id) => catalog.refusalOf(id),
    }),
    pulls,
    probe: httpProbe(systemClock),
    configs: new SlotConfigStore(paths, sections),
    sections,
    records: recordStoreOnDisk(paths),
    history: loadHistoryOnDisk(paths),
    crashes: crashHistoryOnDisk(paths),
    keys: backendKeysOnDisk(paths),
    swaps: swapJournalOnDisk(paths),
    ports: new PortAllocator(parsePortRange(settings.slotPorts), new Set([settings.port]), supervisor),
  })
  const access = await Access.open(paths.data, settings.auth)
  const seen = observe(activity, { version: packageJson.version, slots, pulls, paths, keys: access })
  await slots.open()
  models.watch(modelUse(slots))
  await pulls.forsake((slot, id) =>
    slots.views().some(({ name, state, model }) => name === slot && state === 'pulling' && model === id),
  )
  let front: Front | null = null
  const problems = () => {
    const single = [front?.problem() ?? null, hub.problem(), engines.problem()]
    return [
      ...single.filter((problem) => problem !== null),
      ...models.problems(),
      ...pulls.problems(),
      ...slots.problems(),
      ...activity.problems(),
      ...access.problems(),
    ]
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
  const targets = new SlotTargets(slots, new Loopback())
  const app = await makeApp({
    eventTime: () => eventClock.now(),
    slots,
    models,
    pulls,
    catalog,
    hardware: async () => (await readMachine(paths.data)).hardware,
    room,
    engines,
    sections: sections.all,
    settings: new ServerSettingsFile({
      paths,
      options,
      providers: providers.map(({ name }) => name),
      endpoint: process.env.HF_ENDPOINT?.trim() || null,
      started: settings,
      token: hub.token,
      trial: settingsTrial(paths, engines, settings.port),
      apply: ({ mirrors }) => hub.useMirrors(mirrors),
    }),
    dispatch: makeDispatch({
      targets,
      models,
      modes: providers.flatMap(({ modes }) => modes),
      decisions: seen.recorder,
      captures: seen.captures,
      waking: (slot, by) => seen.why.asked({ slot, command: 'request', ...by }),
      refuse: (answer, error, { requestId, dialect }) =>
        sendError(answer, error, { method: 'POST', url: `/v1 (request ${requestId})`, requestId }, dialect),
      headerLines: relayedLines,
      maxBodyBytes: settings.maxBodyBytes,
      bodies: new BodyBudget(Math.max(settings.bodyMemoryBytes, settings.maxBodyBytes + smallBodiesBytes)),
      stopping: stopping.signal,
    }),
    openaiModels: (caller) => openAiModels(reachable(targets.list(), caller), (id) => models.get(id)),
    decisions: activity,
    ...seen,
    status,
    version: packageJson.version,
    allowedHosts: settings.allowedHosts,
    access: accessService(access, settings, advice),
    webDir: findDashboard(),
    stopping: stopping.signal,
  })
  const listening = { ...settings, maxConnections: clientsWithin(descriptorLimit(), openDescriptors()) }
  const server = await listen(app, listening, advice).catch(async (error: unknown) => {
    // What watches the slots' folder, and the log's thread, would keep the process alive.
    await Promise.all([slots.close(), activity.close()])
    throw error
  })
  front = server
  access.onRevoked((key) => server.cutHeldBy(key))
  const signals = listenForStop()
  const port = server.port ?? settings.port
  url = httpUrl(settings.host, port)
  await using _address = await recordDaemonAddress(paths.data, localUrl({ ...settings, port }), server.local.path)
  if (advice.isWatched) await access.printFirstKey(settings.host, console.log)
  console.log(`hal0 ${packageJson.version} listens on ${url}`)
  for (const problem of problems()) log.warn(problem)
  await signals.asked
  const running = slots.overview().filter(({ state }) => state !== 'offline' && state !== 'error')
  const kept = `; ${running.map(({ name }) => name).join(', ')} keeps running until the next hal0 serve takes it over`
  log.info(`stopping${running.length === 0 ? '' : kept}`)
  app.streams.closeAll()
  models.close()
  await drain(server, stopping, settings.drainMs, signals.askedAgain)
  await pulls.close()
  await slots.close()
  await Promise.all([activity.close(), access.close(), seen.captures.settled()])
  await eventClock.close()
  supervisor.close()
}
