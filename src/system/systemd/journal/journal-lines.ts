/** Turns the output of `journalctl --output=json` into the lines that a program printed. Pure. */
import { readableLine } from '../../log-line.ts'

const newline = 0x0a

interface Entry {
  __CURSOR?: string
  /** Text; its bytes if it is not plain text; null if it is too long for JSON; several if the field occurs twice. */
  MESSAGE?: string | number[] | null | (string | number[])[]
  /** Set when something other than a newline ended the line: `nul`, `line-max`, `eof`, `pid-change` (systemd.journal-fields(7)). */
  _LINE_BREAK?: string
}

const isBytes = (message: unknown[]): message is number[] => message.every((one) => typeof one === 'number')

const bytesOf = (message: Entry['MESSAGE']): Buffer => {
  if (typeof message === 'string') return Buffer.from(message)
  if (!Array.isArray(message)) return Buffer.alloc(0)
  return isBytes(message) ? Buffer.from(message) : bytesOf(message[0])
}

/** When an entry was written, milliseconds since the Unix epoch (sd_journal_get_cursor(3)); null for what is no cursor. */
export const timeOfCursor = (cursor: string): number | null => {
  const [, microseconds] = /^(?:[a-z]=[0-9a-f]+;)*t=([0-9a-f]+)(?:;[a-z]=[0-9a-f]+)*$/.exec(cursor) ?? []
  return microseconds === undefined ? null : Number.parseInt(microseconds, 16) / 1000
}

export interface JournalLine {
  text: string
  /** Of the entry with which it ends; null where the journal names none. */
  cursor: string | null
}

export class JournalLines {
  readonly #onLine: (line: JournalLine) => void
  /** Output of journalctl that has no newline yet. */
  #rest = Buffer.alloc(0)
  /** The beginning of a line that journald has split. */
  #line: Buffer[] = []
  #cursor: string | null = null

  constructor(onLine: (line: JournalLine) => void) {
    this.#onLine = onLine
  }

  /** Cursor of the last entry; null before the first. */
  get cursor(): string | null {
    return this.#cursor
  }

  /** What is pushed next continues after the entry with this cursor. */
  resume(cursor: string | null): void {
    this.#cursor = cursor
  }

  /** The output of one journalctl ends here, perhaps within an entry. The next one continues after the last complete entry. */
  cut(): void {
    this.#rest = Buffer.alloc(0)
  }

  push(chunk: Uint8Array): void {
    const all = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk])
    let from = 0
    for (let end = all.indexOf(newline); end >= 0; end = all.indexOf(newline, from)) {
      this.entry(all.toString('utf8', from, end))
      from = end + 1
    }
    this.#rest = Buffer.from(all.subarray(from))
  }

  /** Nothing more follows: an unfinished line is reported as it is. */
  end(): void {
    if (this.#line.length > 0) this.#tell()
  }

  /** @param json one line of journalctl's output */
  entry(json: string): void {
    if (json === '') return
    const { MESSAGE, _LINE_BREAK, __CURSOR } = JSON.parse(json) as Entry
    this.#cursor = __CURSOR ?? this.#cursor
    this.#line.push(bytesOf(MESSAGE))
    // journald also splits lines at a NUL byte and after 48 KiB; the program did not end its line there.
    if (_LINE_BREAK === 'nul') this.#line.push(Buffer.alloc(1))
    else if (_LINE_BREAK !== 'line-max') this.#tell()
  }

  #tell(): void {
    this.#onLine({ text: readableLine(Buffer.concat(this.#line)), cursor: this.#cursor })
    this.#line = []
  }
}
