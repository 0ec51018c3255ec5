/** Every command of hal0 that README and docs mention, in prose and in blocks, is one that this version has. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { runHal0 } from '../support/daemon.ts'
import { pages } from './pages.ts'

setDefaultTimeout(60_000)

/** The words of each mentioned command, without `hal0`: "slot edit NAME --set key=value". */
const mentionsIn = (text: string): string[] => {
  const inline = [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, code = '']) => code.split('\n'))
  return [...inline, ...blocks]
    .flatMap((line) => line.split(/ # | \| | && | \|\| | > | < /))
    .map((part) => /^(?:sudo )?(?:\.\/dist\/|bin\/)?hal0 (.+)$/.exec(part.trim())?.[1] ?? '')
    .filter((words) => words !== '' && !words.startsWith('…'))
}

/** Words in quotes are one word; the dots stand for what a reader fills in. */
const split = (words: string): string[] => words.match(/"[^"]*"|\S+/g)?.filter((word) => word !== '…') ?? []

const problemOf = async (command: string): Promise<string | null> => {
  const words = split(command)
  const { code, stdout } = await runHal0([...words.filter((word) => !word.startsWith('-')), '--help'], {})
  if (code !== 0) return 'is not a command'
  const flags = words.map((word) => /^--?[a-z][a-z-]*/.exec(word)?.[0]).filter((flag) => flag !== undefined)
  const unknown = flags.filter((flag) => !new RegExp(`(^|[ ,])${flag}\\b`, 'm').test(stdout))
  return unknown.length === 0 ? null : `has no ${unknown.join(', ')}`
}

test('every command that the pages mention exists, with the flags that they show', async () => {
  const mentioned = [...new Set(pages.flatMap(({ text }) => mentionsIn(text)))]
  expect(mentioned.length).toBeGreaterThan(40)
  const problems: string[] = []
  for (const command of mentioned) {
    const problem = await problemOf(command)
    if (problem !== null) problems.push(`hal0 ${command} ${problem}`)
  }
  expect(problems).toEqual([])
})
