/** Writes metrics in Prometheus' text format, version 0.0.4. */
import type { Histogram } from './histogram.ts'

export const expositionType = 'text/plain; version=0.0.4; charset=utf-8'

export type Labels = Readonly<Record<string, string>>

const escapedHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
const escapedLabel = (text: string): string => escapedHelp(text).replaceAll('"', '\\"')

const number = (value: number): string => {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  return String(value)
}

/** Names of metrics and labels are those of this program, and valid; values of labels may be anything. */
export class Exposition {
  #text = ''

  get text(): string {
    return this.#text
  }

  /** Begins a family; its samples have to follow at once. */
  family(name: string, type: 'counter' | 'gauge' | 'histogram', help: string): void {
    this.#text += `# HELP ${name} ${escapedHelp(help)}\n# TYPE ${name} ${type}\n`
  }

  sample(name: string, labels: Labels, value: number): void {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapedLabel(text)}"`)
    this.#text += `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${number(value)}\n`
  }

  /** A family with one sample. */
  single(name: string, type: 'counter' | 'gauge', help: string, value: number): void {
    this.family(name, type, help)
    this.sample(name, {}, value)
  }

  histogram(name: string, labels: Labels, { bounds, counts, sum }: Histogram): void {
    let total = 0
    for (const [at, count] of counts.entries()) {
      total += count
      this.sample(`${name}_bucket`, { ...labels, le: number(bounds[at] ?? Number.POSITIVE_INFINITY) }, total)
    }
    this.sample(`${name}_sum`, labels, sum)
    this.sample(`${name}_count`, labels, total)
  }
}
