import { bytes } from '../../lib/figures.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { Check, Outcome } from '../../update/update.ts'
import { defineVerb } from '../command.ts'
import { confirm, yesFlag } from '../terminal/ask.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { Failure, usageError } from '../terminal/failure.ts'
import { catchInterrupt, Interrupted } from '../terminal/interrupt.ts'
import { print, printJson, talk } from '../terminal/output.ts'
import { StatusLine } from '../terminal/status-line.ts'
import { printable } from '../terminal/style.ts'

const describeCheck = ({ current, available, newer }: Check): string =>
  newer
    ? `hal0 ${available} is available; ${current} is installed. Update with: hal0 update`
    : `hal0 ${current} is installed; there is nothing newer (the release is ${available}).`

const describeOutcome = ({ from, to, changed }: Outcome): string => {
  if (changed) return `hal0 ${to} is installed; it was ${from}.`
  return from === to ? `hal0 ${from} is installed already.` : `hal0 ${from} stays.`
}

/** Prints what the service said before the new version was rolled back: the reason is usually there. */
const sayPrinted = (error: unknown): void => {
  const printed = error instanceof Hal0Error ? error.details.printed : undefined
  if (!Array.isArray(printed) || printed.length === 0) return
  talk.log('The service printed last:')
  for (const line of printed) talk.log(`  ${printable(String(line))}`)
}

/** What runs from a checkout is updated as that is. */
const notInstalled = async (error: Hal0Error): Promise<Error> => {
  const { checkoutHere, commandsHere } = await import('../../system/systemd/hosting.ts')
  const folder = checkoutHere()
  if (folder === null) return error
  return new Failure(exitCode.failed, `hal0 runs from a checkout here (${folder}), which git updates.`, {
    body: error.body(),
    details: [`A daemon that runs stays what it is until you restart it: ${commandsHere().restart}`],
    hint: [...(process.cwd() === folder ? [] : [`cd ${folder}`]), 'git pull', 'npm run build'].join('\n'),
    cause: error,
  })
}

export default defineVerb({
  about: 'Replace hal0 by a newer version; go back to the old one when it does not work.',
  more: 'The API restarts, slots keep running. Releases are signed; what is not signed, changed, outdated or older is refused. The address of the release manifest is url below [update] in hal0.toml. The version before is kept.',
  examples: ['sudo hal0 update', 'hal0 update --check', 'sudo hal0 update --rollback', 'sudo hal0 update --to 1.2.3'],
  args: {
    check: { type: 'boolean', description: 'Only say whether there is a newer version' },
    rollback: { type: 'boolean', description: 'Go back to the version before this one' },
    to: {
      type: 'string',
      valueHint: 'VERSION',
      description: 'Install this version instead of the newest, even if it is older',
    },
    url: { type: 'string', valueHint: 'URL', description: 'Address of the release manifest, for this time' },
    ...yesFlag,
  },
  async run({ args: { check: onlyCheck, rollback: back, to, url, yes, json } }) {
    if (back && (onlyCheck || to !== undefined || url !== undefined)) {
      throw usageError('--rollback goes back to a version on this machine: --check, --to and --url do not go with it.')
    }
    const { isVersion } = await import('../../system/files/release-folder.ts')
    const wanted = to ?? null
    if (wanted !== null && !isVersion(wanted)) throw usageError(`--to takes a version like 1.2.3, not '${wanted}'.`)
    const { openHost, releaseSource } = await import('../../update/this-machine.ts')
    const { check, rollback, update } = await import('../../update/update.ts')

    using interrupt = catchInterrupt()
    const line = new StatusLine()
    const talker = {
      say(sentence: string) {
        line.clear()
        talk.log(sentence)
      },
      progress: (received: number, total: number) =>
        line.show('download', `${bytes(received)} of ${bytes(total)} (${Math.floor((100 * received) / total)} %)`),
      signal: interrupt.signal,
    }
    const agree = (question: string) => (yes ? Promise.resolve(true) : confirm(question))
    try {
      const { host, settings } = await openHost(talker, !onlyCheck)
      if (onlyCheck) {
        const checked = await check(host, await releaseSource(url ?? null, settings), wanted)
        if (json) printJson(checked)
        else print(describeCheck(checked))
        return exitCode.done
      }
      const outcome = back
        ? await rollback(host, agree)
        : await update(host, await releaseSource(url ?? null, settings), wanted, agree)
      line.clear()
      if (json) printJson(outcome)
      else print(describeOutcome(outcome))
      return exitCode.done
    } catch (error) {
      line.clear()
      if (error instanceof Hal0Error && error.code === 'update.not_installed') throw await notInstalled(error)
      if (error instanceof Interrupted) {
        talk.log('Stopped. The installed version stays.')
        return exitCode.interrupted
      }
      if (!json) sayPrinted(error)
      throw error
    }
  },
})
