import { describe, expect, test } from 'bun:test'
import { fitText, largestThatFits } from '../../src/lib/fit-text.ts'
import { sampleFit } from '../support/fits.ts'

describe('the sentence about a fit', () => {
  const of = (device: string, smaller: string | null = null) => {
    const fit = sampleFit('no')
    return fitText({ ...fit, have: { device, free: 500_000_000 } }, smaller)
  }

  test.each([
    ['ram', 'needs about 1.00 GB, this machine has 500 MB free'],
    ['0000:03:00.0', 'needs about 1.00 GB, the GPU of this machine has 500 MB free'],
    ['0000:03:00.0,ram', 'needs about 1.00 GB, this machine with its GPU has 500 MB free'],
    ['a,b', 'needs about 1.00 GB, the 2 GPUs of this machine have 500 MB free'],
    ['a,b,ram', 'needs about 1.00 GB, this machine with its 2 GPUs has 500 MB free'],
  ])('names what %s is', (device, expected) => {
    expect(of(device)).toBe(expected)
  })

  test('names what to take instead', () => {
    expect(of('ram', 'tiny')).toBe('needs about 1.00 GB, this machine has 500 MB free; smaller: tiny')
  })
})

describe('the model to take instead', () => {
  const model = (id: string, verdict: 'fits' | 'tight' | 'partial' | 'no', total: number) => {
    const fit = sampleFit(verdict)
    return { id, fit: { ...fit, needs: { ...fit.needs, total } } }
  }

  test('is the largest that fits', () => {
    const models = [model('a', 'fits', 1), model('b', 'fits', 3), model('c', 'tight', 5), model('d', 'no', 9)]
    expect(largestThatFits(models)?.id).toBe('b')
  })

  test('is one that fits tightly or partly, if none fits better', () => {
    expect(largestThatFits([model('a', 'partial', 7), model('b', 'tight', 3)])?.id).toBe('b')
    expect(largestThatFits([model('a', 'partial', 7), model('b', 'no', 9)])?.id).toBe('a')
  })

  test('is none where nothing fits, or the machine does not say', () => {
    expect(largestThatFits([model('a', 'no', 1), { id: 'b', fit: null }])).toBeNull()
  })
})
