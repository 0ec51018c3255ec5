/** `hal0 run` as a person sees it: in a real terminal, wide and narrow. */
import { describe, expect, onTestFinished, setDefaultTimeout } from 'bun:test'
import { join } from 'node:path'
import { noTerminal, Terminal } from '../../cli/support/terminal.ts'
import { binary } from '../../support/daemon.ts'
import { FakeHub } from '../../support/fake-hub/fake-hub.ts'
import { Newcomer } from '../../support/newcomer.ts'
import { testWith } from '../../support/part.ts'
import { makeStandIn } from '../../support/stand-in-llama.ts'
import { tinyModel } from '../../support/tiny-model.ts'

setDefaultTimeout(120_000)

const repo = 'acme/tiny-GGUF'
const test = testWith('tmux', noTerminal === null)

describe('a conversation from nothing', () => {
  for (const columns of [80, 50]) {
    test(`in ${columns} columns asks which file is meant, shows the load, answers, and leaves the daemon running`, async () => {
      const content = await Bun.file(await tinyModel('chat')).bytes()
      const files = ['tiny-base-Q6_K.gguf', 'tiny-chat-Q6_K.gguf'].map((path) => ({ path, content }))
      const hub = await FakeHub.start({ repos: [{ id: repo, files }] })
      onTestFinished(() => hub.stop())
      const newcomer = await Newcomer.arrive({ env: { HF_ENDPOINT: hub.url, HF_HOME: '/nonexistent' } })
      await newcomer.must('engine', 'use', makeStandIn(join(newcomer.root, 'engine'), { load_ms: 2500 }))
      const args = ['run', `${repo}:Q6_K`, '--port', String(newcomer.port)]
      using terminal = new Terminal(args, { ...newcomer.env, NO_COLOR: '1' }, { columns, program: binary })
      await terminal.shows(/^ {2}1 .*tiny-base-Q6_K\.gguf$/m)
      await terminal.shows(/Which one\? \[1-2\]/)
      terminal.press('2', 'Enter')
      await terminal.shows(/tiny: warming — \d/)
      const screen = await terminal.shows(/^> *$/m)
      expect(screen).toContain('Slot tiny is made for')
      expect(screen).not.toContain('warming')
      expect(screen.split('\n').filter((line) => line.length > columns)).toEqual([])
      terminal.press('-l', 'Hello!')
      terminal.press('Enter')
      await terminal.shows(/> Hello!\n.+\n> *$/)
      terminal.press('C-d')
      const end = await terminal.shows(/exit 0/)
      expect(end.replaceAll(/\s+/g, ' ')).toContain('Free its memory with: hal0 stop tiny ')
      expect(await newcomer.must('status')).toContain('tiny-chat-q6_k')
    })
  }
})
