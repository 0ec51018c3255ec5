/** Which signals end the daemon, and which mean nothing to it. */
import { readFileSync } from 'node:fs'
import { log } from '../lib/log.ts'

/** A closed terminal (SIGHUP) and its Ctrl-\ (SIGQUIT) end it as service managers and Ctrl-C do. */
const ending = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const
/** They would end a program that says nothing about them. */
const meaningless = ['SIGUSR1', 'SIGUSR2'] as const

/** Whether whoever started this process had SIGHUP ignored, as nohup does: it is to outlive its terminal. */
const hangupIsIgnored = (): boolean => {
  const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]
  return mask !== undefined && (Number.parseInt(mask.slice(-1), 16) & 1) === 1
}

export interface StopSignals {
  /** Resolves with the first signal that asks for the end. */
  readonly asked: Promise<NodeJS.Signals>
  /** Resolves with the second one: somebody does not want to wait. A third one ends the process where it stands. */
  readonly askedAgain: Promise<NodeJS.Signals>
}

/** From here on the process does not end by itself at any of them. */
export const listenForStop = (): StopSignals => {
  const asked = Promise.withResolvers<NodeJS.Signals>()
  const askedAgain = Promise.withResolvers<NodeJS.Signals>()
  const signals = ending.filter((signal) => signal !== 'SIGHUP' || !hangupIsIgnored())
  let times = 0
  const hear = (signal: NodeJS.Signals): void => {
    times++
    if (times === 1) {
      asked.resolve(signal)
      return
    }
    askedAgain.resolve(signal)
    for (const each of signals) process.off(each, hear)
  }
  for (const signal of signals) process.on(signal, hear)
  for (const signal of meaningless) {
    process.on(signal, () => log.info(`${signal} means nothing to hal0. SIGTERM or SIGINT ends it.`))
  }
  return { asked: asked.promise, askedAgain: askedAgain.promise }
}
