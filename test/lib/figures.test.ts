import { expect, test } from 'bun:test'
import {
  age,
  bytes,
  count,
  duration,
  milliseconds,
  preciseBytes,
  rate,
  timeOfDay,
  totalSize,
} from '../../src/lib/figures.ts'

test('bytes have two digits or more, in powers of 1000', () => {
  const values = [0, 999, 1000, 9949, 9951, 491_400_032, 4.7e12, 1.5e18]
  expect(values.map(bytes)).toEqual(['0 B', '999 B', '1.0 kB', '9.9 kB', '10 kB', '491 MB', '4.7 TB', '1500 PB'])
})

test('what would be rounded to 1000 is one of the next unit', () => {
  expect([999_499, 999_500, 999_999_999].map(bytes)).toEqual(['999 kB', '1.0 MB', '1.0 GB'])
  expect(count(999_960)).toBe('1.0M')
})

test('sizes that are held against each other have three digits', () => {
  expect([4.656e9, 46.56e9, 465.6e9, 99.96e9].map(preciseBytes)).toEqual(['4.66 GB', '46.6 GB', '466 GB', '100 GB'])
})

test('a rate has no fraction of a byte', () => {
  expect([812.34, 41e6].map(rate)).toEqual(['812 B/s', '41 MB/s'])
})

test('counts stand close to their unit', () => {
  expect([12, 494_032_768, 7.6e9].map(count)).toEqual(['12', '494M', '7.6B'])
})

test('durations have two units where one tells too little', () => {
  expect([0.04, 1, 12.4, 119.6, 200, 7500, 200_000].map(duration)).toEqual([
    '0.0 s',
    '1 s',
    '12 s',
    '2 min 0 s',
    '3 min 20 s',
    '2 h 5 min',
    '2 d 7 h',
  ])
})

test('an age has one unit, and none is below zero', () => {
  expect([-3, 0.9, 119.9, 200, 7500, 200_000].map(age)).toEqual(['0 s', '0 s', '119 s', '3 min', '2 h', '2 d'])
})

test('milliseconds tell when something never happened', () => {
  expect([null, 0.24, 35.4, 1240].map(milliseconds)).toEqual(['-', '0.2 ms', '35 ms', '1.24 s'])
})

test('a time that is none stays as it is', () => {
  expect(timeOfDay('soon')).toBe('soon')
})

test('files have the size of all together', () => {
  expect(totalSize([{ size: 1 }, { size: 2 }])).toBe(3)
  expect(totalSize([])).toBe(0)
})
