/** The benchmark's table: one row for each figure, with the subjects beside each other. */
import type { Figures } from './load.ts'
import type { Spread, StreamFigures } from './streams.ts'

export const subjects = ['direct', 'nginx', 'hal0'] as const
export type Subject = (typeof subjects)[number]
export type Each<T> = Record<Subject, T>

const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 1)} ms`
const cells = <T>(each: Each<T>, show: (value: T) => string): string =>
  subjects.map((subject) => show(each[subject])).join(' | ')
const row = (what: string, figures: string, verdict: string, goal = ''): string =>
  `| ${what} | ${figures} | ${verdict} | ${goal} |`
const nowhere = ' | | '

const shareOfNginx = (each: Each<Figures>): string =>
  `${(each.hal0.requestsPerSecond / each.nginx.requestsPerSecond).toFixed(2)} of nginx`

/** @param unitsOfOne what one request stands for: itself, or its tokens */
export const rateRow = (what: string, each: Each<Figures>, goal: string, unitsOfOne = 1): string =>
  row(
    what,
    cells(each, ({ requestsPerSecond }) => Math.round(requestsPerSecond * unitsOfOne).toLocaleString('en')),
    shareOfNginx(each),
    goal,
  )

const added = (each: Each<number>): string =>
  `+ ${ms(each.hal0 - each.direct)} (nginx + ${ms(each.nginx - each.direct)})`

export const timeRow = (what: string, each: Each<number>, goal = ''): string =>
  row(what, cells(each, ms), added(each), goal)

const pick = (each: Each<StreamFigures>, which: keyof StreamFigures, part: keyof Spread): Each<number> => ({
  direct: each.direct[which][part],
  nginx: each.nginx[which][part],
  hal0: each.hal0[which][part],
})

/** @param goals of the added time to the first token: at the median, at the 99th percentile */
export const streamRows = (what: string, each: Each<StreamFigures>, goals: [string, string]): string[] => [
  timeRow(`time to the first token, p50, ${what}`, pick(each, 'first', 'p50'), goals[0]),
  timeRow(`time to the first token, p99, ${what}`, pick(each, 'first', 'p99'), goals[1]),
  timeRow(`time between tokens, p50, ${what}`, pick(each, 'between', 'p50')),
  timeRow(`time between tokens, p99, ${what}`, pick(each, 'between', 'p99')),
]

/** A figure that only hal0 has. */
export const ownRow = (what: string, value: string, goal = ''): string => row(what, nowhere, value, goal)

export const tableHead = `| | direct | nginx | hal0 | hal0 is | goal |
| --- | ---: | ---: | ---: | ---: | ---: |`
