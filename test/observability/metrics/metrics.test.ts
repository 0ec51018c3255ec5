import { heapStats } from 'bun:jsc'
import { describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Pull } from '../../../src/contract/models/pull.ts'
import { noBodyRules } from '../../../src/contract/rules/slot-rules.ts'
import type { SlotRecord, SlotState } from '../../../src/contract/slot.ts'
import { Bus } from '../../../src/lib/async/bus.ts'
import { Exposition } from '../../../src/observability/metrics/exposition.ts'
import { Histogram } from '../../../src/observability/metrics/histogram.ts'
import { Metrics } from '../../../src/observability/metrics/metrics.ts'
import type { SlotView } from '../../../src/slots/run/lease.ts'
import { testWith } from '../../support/part.ts'
import { pythonPackages } from '../../support/python-packages.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { decision } from '../support/decision.ts'

const viewOf = (name: string): SlotView => ({
  name,
  state: 'serving',
  model: 'tiny',
  aliases: [],
  load: 'manual',
  rules: { params: noBodyRules, profiles: {} },
  capture: false,
  mode: null,
  remoteMedia: false,
  abilities: () => ({ capabilities: [], contextLength: null }),
  requests: 3,
  pid: 7,
  waiting: 1,
})

const pull = (changes: Partial<Pull>) => ({ id: 'm', phase: 'downloading', bytes_received: 0, ...changes }) as Pull

const world = () => {
  const slots = [viewOf('primary')]
  const changed = new Bus<Pull>()
  const pulls: Pull[] = []
  const metrics = new Metrics({
    usedKeys: () => [{ name: 'phone', requests: 3, tokens: 120 }],
    version: '1.2.3',
    slots: { views: () => slots },
    pulls: { changed, list: () => pulls },
    droppedRows: () => 7,
  })
  let seq = 0
  const enter = (state: SlotState, second: number): void => {
    const since = new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()
    const record = { name: 'primary', state, seq: seq++, since } as SlotRecord
    metrics.hear({ kind: 'record', name: 'primary', json: JSON.stringify(record) })
  }
  return { metrics, slots, changed, pulls, enter }
}

describe('metrics', () => {
  test('count requests by slot, endpoint, status and code', () => {
    const { metrics } = world()
    metrics.observe(decision())
    metrics.observe(decision())
    metrics.observe(decision({ status: 503, code: 'slot.warming', slot: 'primary' }))
    metrics.observe(decision({ status: 404, code: 'model.not_found', slot: null }))
    const text = metrics.text()
    const at = 'endpoint="/v1/chat/completions"'
    expect(text).toContain(`hal0_requests_total{slot="primary",${at},status="200",code=""} 2\n`)
    expect(text).toContain(`hal0_requests_total{slot="primary",${at},status="503",code="slot.warming"} 1\n`)
    expect(text).toContain(`hal0_requests_total{slot="",${at},status="404",code="model.not_found"} 1\n`)
    expect(text).toContain('hal0_prompt_tokens_total{slot="primary"} 15\n')
    expect(text).toContain('hal0_cached_tokens_total{slot="primary"} 6\n')
  })

  test('say how busy each slot is, what it went through and how long its loads took', () => {
    const { metrics, enter } = world()
    for (const [state, second] of [
      ['starting', 1],
      ['warming', 2],
      ['ready', 9],
      ['serving', 10],
      ['ready', 11],
    ] as const)
      enter(state, second)
    const text = metrics.text()
    expect(text).toContain('hal0_slot_state{slot="primary",state="serving"} 1\n')
    expect(text).toContain('hal0_slot_state{slot="primary",state="error"} 0\n')
    expect(text).toContain('hal0_slot_requests_in_flight{slot="primary"} 2\n')
    expect(text).toContain('hal0_slot_requests_waiting{slot="primary"} 1\n')
    expect(text).toContain('hal0_slot_transitions_total{slot="primary",state="ready"} 2\n')
    expect(text).toContain('hal0_slot_load_duration_seconds_sum{slot="primary"} 8\n')
    expect(text).toContain('hal0_slot_load_duration_seconds_count{slot="primary"} 1\n')
  })

  test('forget a slot that is deleted, also one whose last request ended later', () => {
    const { metrics, slots, enter } = world()
    enter('starting', 1)
    metrics.observe(decision())
    slots.length = 0
    metrics.hear({ kind: 'deleted', name: 'primary' })
    metrics.observe(decision())
    expect(metrics.text()).not.toContain('primary')
  })

  test('count what pulls receive and how they end, each once', () => {
    const { metrics, changed, pulls } = world()
    for (const bytes_received of [100, 300]) changed.publish(pull({ bytes_received }))
    changed.publish(pull({ phase: 'done', bytes_received: 350 }))
    changed.publish(pull({ phase: 'done', bytes_received: 350 }))
    changed.publish(pull({ id: 'other', phase: 'resolving' }))
    pulls.push(pull({ id: 'other', phase: 'resolving' }))
    const text = metrics.text()
    expect(text).toContain('hal0_pull_received_bytes_total 250\n')
    expect(text).toContain('hal0_pulls_ended_total{outcome="done"} 1\n')
    expect(text).toContain('hal0_pulls{phase="resolving"} 1\n')
    expect(text).toContain('hal0_log_dropped_total 7\n')
  })

  test('are counted on the way of a request without an allocation', () => {
    const { metrics } = world()
    const row = decision({ status: 503, code: 'slot.warming', tokens_per_second: 12.5 })
    for (let turn = 0; turn < 20_000; turn++) metrics.observe(row)
    Bun.gc(true)
    const before = heapStats().objectCount
    for (let turn = 0; turn < 20_000; turn++) metrics.observe(row)
    expect(heapStats().objectCount - before).toBeLessThan(2000)
  })
})

describe('a histogram', () => {
  test('puts a value into the first bucket that is not too small', () => {
    const histogram = new Histogram([1, 2])
    for (const value of [0, 1, 1.5, 2, 3]) histogram.observe(value)
    const to = new Exposition()
    to.histogram('h', { slot: 'a' }, histogram)
    expect(to.text.split('\n')).toEqual([
      'h_bucket{slot="a",le="1"} 2',
      'h_bucket{slot="a",le="2"} 4',
      'h_bucket{slot="a",le="+Inf"} 5',
      'h_sum{slot="a"} 7.5',
      'h_count{slot="a"} 5',
      '',
    ])
  })
})

/** Every family with its type and number of samples, as Prometheus' own client for Python reads it. */
const script = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families
families = list(text_string_to_metric_families(open(sys.argv[1]).read()))
assert len({f.name for f in families}) == len(families), 'a family comes twice'
print(json.dumps([[f.name, f.type, bool(f.documentation), [[s.name, s.labels, s.value] for s in f.samples]] for f in families]))
`

type Family = [name: string, type: string, documented: boolean, samples: [string, Record<string, string>, number][]]

const python = await pythonPackages('prometheus_client==0.23.1')

testWith('prometheus_client from PyPI', python !== null)(
  'Prometheus’ own parser reads all of it, with whatever a label holds',
  async () => {
    const { metrics, enter } = world()
    enter('starting', 1)
    enter('ready', 2)
    const code = 'a"b\\c\nd{e}'
    metrics.observe(decision({ code }))
    metrics.observe(decision({ slot: null }))
    const file = join(tempDir(), 'metrics.txt')
    writeFileSync(file, metrics.text())
    const run = Bun.spawnSync([join(python ?? '', 'python'), '-c', script, file])
    expect(run.stderr.toString()).toBe('')
    const families = JSON.parse(run.stdout.toString()) as Family[]
    expect(families.filter(([, type, documented]) => type === 'unknown' || !documented)).toEqual([])
    const samples = families.flatMap(([, , , each]) => each)
    expect(samples.some(([, labels]) => labels.code === code)).toBe(true)
    const names = families.map(([name]) => name)
    expect(names).toContain('process_resident_memory_bytes')
    const page = await Bun.file(join(import.meta.dir, '../../../docs/metrics.md')).text()
    expect(names.filter((name) => !page.includes(`\`${name}`))).toEqual([])
  },
)
