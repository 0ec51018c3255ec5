/** The machine as a strip: memory by slot, GPUs, disk. */
import type { ComponentChildren } from 'preact'
import type { Gpu, Hardware } from '../../src/contract/hardware.ts'
import { bytes } from '../../src/lib/figures.ts'
import { hardware, models, slots } from '../data/state.ts'
import { type MemoryShares, memoryShares } from './memory.ts'
import { texts } from './texts.ts'

interface GaugeProps {
  label: string
  value: ComponentChildren
  below?: string
  children?: ComponentChildren
}

const Gauge = ({ label, value, below, children }: GaugeProps) => (
  <div class="gauge">
    <p class="label">{label}</p>
    {children}
    <p class="value">{value}</p>
    {below !== undefined && <p class="label">{below}</p>}
  </div>
)

const percent = (part: number, whole: number): { width: string } => ({ width: `${(100 * part) / whole}%` })

const Memory = ({ shares: { total, free, slots: bySlot, other } }: { shares: MemoryShares }) => {
  const said = bySlot.map(({ slot, bytes: size }) => `${slot} ${bytes(size)}`).join(', ')
  return (
    <Gauge label={texts.memory} value={texts.freeOf(free, total)}>
      <div class="meter" role="img" aria-label={texts.memoryBySlots(said, bytes(other))}>
        {bySlot.map(({ slot, bytes: size }) => (
          <span key={slot} title={`${slot}: ${bytes(size)}`} style={percent(size, total)} />
        ))}
        <span class="other" title={bytes(other)} style={percent(other, total)} />
      </div>
    </Gauge>
  )
}

const GpuGauge = ({ gpu: { name, vendor, memory } }: { gpu: Gpu }) => {
  const { used, total } = memory
  const value = used === null || total === null ? texts.unknown : texts.usedOf(used, total)
  return <Gauge label={texts.gpu} value={value} below={name ?? vendor} />
}

const Processor = ({ cpu }: Pick<Hardware, 'cpu'>) => (
  <Gauge
    label={texts.processor}
    value={cpu.cores === null ? texts.unknown : texts.cores(cpu.cores)}
    {...(cpu.model === null ? {} : { below: cpu.model })}
  />
)

export const Machine = () => {
  const machine = hardware.value
  if (machine === null) return <section class="machine" aria-label={texts.machine} aria-busy="true" />
  const { disk, gpus, npus, cpu } = machine
  const records = slots.value.map(({ record }) => record)
  const shares = memoryShares(machine, records, models.value)
  return (
    <section class="machine" aria-label={texts.machine}>
      {shares !== null && <Memory shares={shares} />}
      {gpus.map((gpu) => (
        <GpuGauge key={gpu.id} gpu={gpu} />
      ))}
      {gpus.length === 0 && <Processor cpu={cpu} />}
      {npus.map(({ id, name, driver }) => (
        <Gauge key={id} label={texts.npu} value={name ?? driver ?? id} />
      ))}
      <Gauge
        label={texts.disk}
        value={disk.free === null ? texts.unknown : texts.free(disk.free)}
        {...(disk.total === null ? {} : { below: texts.of(disk.total) })}
      />
    </section>
  )
}
