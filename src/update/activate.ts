/** Switches to another version, and goes back to the old one when the new one does not answer. */
import { Hal0Error } from '../lib/hal0-error.ts'
import { flipCurrent, installedVersions } from '../system/files/release-folder.ts'
import type { ApiService, Host } from './host.ts'
import { readRecord, writeRecord } from './record.ts'

/** How long a version may take to answer after its start, milliseconds. */
export const healthMs = 30_000
const pollMs = 250

/** Waits for the API to answer as `version`. @returns null when it does, or why it does not, as the end of a sentence */
const waitFor = async (host: Host, service: ApiService, version: string): Promise<string | null> => {
  const end = host.now() + healthMs
  for (;;) {
    const answered = await service.version()
    if (answered === version) return null
    if (answered === null && (await service.state()) === 'failed') return 'it ended by itself'
    if (host.now() >= end) {
      const what = answered === null ? 'it did not answer' : `hal0 ${answered} still answered`
      return `${what} within ${healthMs / 1000} s`
    }
    await host.sleep(pollMs)
  }
}

/** Restarts the API as the version that `current` leads to. @returns null when it runs, or why not, as the end of a sentence */
const run = async (host: Host, version: string): Promise<string | null> => {
  const { service } = host
  if (service === null) {
    host.say(`No service runs hal0 here. Restart it yourself to run ${version}.`)
    return null
  }
  try {
    if ((await service.state()) === 'stopped') {
      host.say(`The service of hal0 is stopped. Its next start runs ${version}.`)
      return null
    }
    host.say(`Restarting the API as hal0 ${version}. Slots keep running.`)
    await service.restart()
    return await waitFor(host, service, version)
  } catch (error) {
    // Whatever went wrong, the old version must come back.
    return `it could not be started: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** What the API printed, if it can be read. Failing to read it must not hide the reason why an update failed. */
const linesSince = async (host: Host, since: number): Promise<string[]> => {
  try {
    return (await host.service?.lastLines(since)) ?? []
  } catch (error) {
    host.say(`What the service printed could not be read: ${error instanceof Error ? error.message : String(error)}`)
    return []
  }
}

/** `current` already leads to `to`: keeps that version if it runs, otherwise goes back. @throws Hal0Error `update.unhealthy` */
const keepOrGoBack = async (host: Host, from: string, to: string): Promise<void> => {
  const { paths } = host
  const began = host.now()
  const why = await run(host, to)
  if (why === null) {
    await writeRecord(paths, { previous: from, leaving: null })
    return
  }
  const lines = await linesSince(host, began)
  host.say(`hal0 ${to} does not run: ${why}. Going back to ${from}.`)
  await flipCurrent(paths, from)
  const whyNotBack = await run(host, from)
  await writeRecord(paths, { ...(await readRecord(paths)), leaving: null })
  const end =
    whyNotBack === null
      ? `hal0 ${from} runs again.`
      : `hal0 ${from} is installed again, but does not run either: ${whyNotBack}. See: hal0 doctor`
  throw new Hal0Error('update.unhealthy', `hal0 ${to} was undone: ${why}. ${end}`, {
    details: { from, to, reason: why, restored: whyNotBack === null, printed: lines },
  })
}

/**
 * Switches from the installed version `from` to `to`, which is complete.
 * @throws Hal0Error `update.unhealthy` after going back; `supervisor.failed` and `storage.*` before anything was changed
 */
export const activate = async (host: Host, from: string, to: string): Promise<void> => {
  // A service manager that does not answer has to be noticed before the flip.
  await host.service?.state()
  await writeRecord(host.paths, { ...(await readRecord(host.paths)), leaving: from })
  await flipCurrent(host.paths, to)
  await keepOrGoBack(host, from, to)
}

/**
 * Finishes an activation whose process was killed.
 * @param current the version that `current` leads to
 * @throws Hal0Error `update.unhealthy` when it had to go back
 */
export const finishInterrupted = async (host: Host, current: string): Promise<void> => {
  const record = await readRecord(host.paths)
  if (record.leaving === null) return
  host.say('The last update was interrupted. Finishing it.')
  const canGoBack = record.leaving !== current && (await installedVersions(host.paths)).includes(record.leaving)
  if (canGoBack) {
    await keepOrGoBack(host, record.leaving, current)
    return
  }
  // The process was killed before the flip, or after the flip back.
  if (host.service !== null && (await host.service.version()) !== current) {
    const why = await run(host, current)
    if (why !== null) host.say(`hal0 ${current} does not run: ${why}.`)
  }
  await writeRecord(host.paths, { ...record, leaving: null })
}
