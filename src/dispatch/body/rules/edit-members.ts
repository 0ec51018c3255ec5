/** Decides what a set of rules changes in the text of a JSON object, member by member. Pure. */
import { Hal0Error } from '../../../lib/hal0-error.ts'
import type { MemberPlace } from './json-members.ts'

/** What a rule does with a key: takes it out, sets its value, or sets it where there is none. The value is JSON text. */
export type KeyRule = { do: 'remove' } | { do: 'set' | 'fill'; value: Buffer }
export type KeyRules = ReadonlyMap<string, KeyRule>

/** The bytes from `from` to `to` become `text`. */
export interface Edit {
  from: number
  to: number
  text: Buffer
}

/** More in one body is nobody's request, but costs memory. */
const mostEdits = 1000
const nothing = Buffer.alloc(0)

export class MemberEdits {
  readonly #rules: KeyRules
  readonly #edits: Edit[] = []
  readonly #set = new Set<string>()
  /** The last member of each key that is only filled in. */
  readonly #last = new Map<string, MemberPlace>()
  /** Where the last member that stays ends; -1: none does so far. */
  #keptTo = -1
  #anyTo = -1
  /** Where the members begin that have been taken out since; -1: none was. */
  #cutFrom = -1

  constructor(rules: KeyRules) {
    this.#rules = rules
  }

  /** The next member. @throws Hal0Error `request.invalid` */
  readonly take = (member: MemberPlace): void => {
    const { name, valueFrom, valueTo } = member
    const rule = name === null ? undefined : this.#rules.get(name)
    this.#anyTo = valueTo
    if (name === null || rule === undefined) {
      this.#keep(member)
    } else if (rule.do === 'remove' || this.#set.has(name)) {
      // Parsers take the last of several: of a key that is set, one stays.
      this.#cut(member)
    } else {
      this.#keep(member)
      if (rule.do === 'fill') this.#last.set(name, member)
      else {
        this.#set.add(name)
        this.#edit({ from: valueFrom, to: valueTo, text: rule.value })
      }
    }
  }

  /** The edits, in order. @param inside offset after the opening brace of the object @throws Hal0Error `request.invalid` */
  end(inside: number): Edit[] {
    for (const [name, { isNull, valueFrom, valueTo }] of this.#last) {
      const rule = this.#rules.get(name)
      if (isNull && rule?.do === 'fill') this.#edit({ from: valueFrom, to: valueTo, text: rule.value })
    }
    const text = this.#missing()
    const from = this.#keptTo >= 0 ? this.#keptTo : this.#cutFrom >= 0 ? this.#cutFrom : inside
    // What was taken out at the end goes with the comma before it.
    const to = this.#cutFrom >= 0 ? this.#anyTo : from
    if (text.length > 0 || to > from) this.#edit({ from, to, text })
    return this.#edits.sort((a, b) => a.from - b.from)
  }

  #keep({ from, valueTo }: MemberPlace): void {
    if (this.#cutFrom >= 0) this.#edit({ from: this.#cutFrom, to: from, text: nothing })
    this.#cutFrom = -1
    this.#keptTo = valueTo
  }

  #cut({ from }: MemberPlace): void {
    if (this.#cutFrom < 0) this.#cutFrom = from
  }

  #edit(edit: Edit): void {
    if (this.#edits.length === mostEdits) {
      throw new Hal0Error('request.invalid', 'The body names the same keys again and again. Send each of them once.')
    }
    this.#edits.push(edit)
  }

  /** The members that the body has yet to get, with the comma that comes before them. */
  #missing(): Buffer {
    const members: Buffer[] = []
    for (const [name, rule] of this.#rules) {
      if (rule.do === 'remove' || this.#set.has(name) || this.#last.has(name)) continue
      const comma = members.length > 0 || this.#keptTo >= 0 ? ',' : ''
      members.push(Buffer.from(`${comma}${JSON.stringify(name)}:`), rule.value)
    }
    return Buffer.concat(members)
  }
}
