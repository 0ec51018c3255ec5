/** A fake host without users, systemd or network, which records the calls. */
import type { Answer, Programs } from '../../src/install/programs.ts'
import type { Systemctl } from '../../src/system/systemd/unit/systemctl.ts'

/** A fake systemd that knows only hal0.service and pretends to start it. */
export class FakeSystemd implements Systemctl {
  readonly scope = 'user'
  readonly asked: string[] = []
  enabled = false
  active = false

  async run(args: readonly string[]) {
    const [verb] = args
    if (verb === 'show') {
      const shown = { ActiveState: this.active ? 'active' : 'inactive', UnitFileState: this.enabled ? 'enabled' : '' }
      const lines = Object.entries({ LoadState: 'loaded', ...shown }).map(([name, value]) => `${name}=${value}`)
      return { code: 0, stdout: lines.join('\n'), stderr: '' }
    }
    this.asked.push(args.join(' '))
    if (verb === 'enable') this.enabled = true
    if (verb === 'restart') this.active = true
    return { code: 0, stdout: '', stderr: '' }
  }
}

/** Programs with given answers; a program without one is not installed. */
export class FakePrograms implements Programs {
  readonly asked: string[] = []
  readonly #answers: Record<string, (args: readonly string[]) => Answer>

  constructor(answers: Record<string, (args: readonly string[]) => Answer>) {
    this.#answers = answers
  }

  async ask(name: string, args: readonly string[]): Promise<Answer | null> {
    this.asked.push([name, ...args].join(' '))
    return this.#answers[name]?.(args) ?? null
  }

  async run(name: string, args: readonly string[]): Promise<string> {
    const answer = await this.ask(name, args)
    if (answer?.code !== 0) throw new Error(`${name} was not expected to fail`)
    return answer.stdout
  }
}
