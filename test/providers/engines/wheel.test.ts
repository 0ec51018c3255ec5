import { expect, test } from 'bun:test'
import type { Python } from '../../../src/providers/engines/python/python.ts'
import { parseWheelName, pickWheel } from '../../../src/providers/engines/python/wheel.ts'
import type { IndexFile } from '../../../src/system/package-index/index-page.ts'

const python: Python = {
  program: '/usr/bin/python3',
  version: [3, 11],
  machine: 'x86_64',
  libc: { name: 'glibc', version: [2, 36] },
  freeThreaded: false,
}
const file = (name: string, more: Partial<IndexFile> = {}): IndexFile => ({
  name,
  url: new URL(`http://files/${name}`),
  sha256: null,
  yanked: false,
  requiresPython: '>=3.10',
  ...more,
})
const wheel = (version: string, tags = 'cp310-abi3-manylinux2014_x86_64.manylinux_2_17_x86_64') =>
  file(`xllamacpp-${version}-${tags}.whl`)
const picked = (files: IndexFile[], asked: string | null = null, on: Partial<Python> = {}) =>
  pickWheel(files, { ...python, ...on }, asked)?.version ?? null

test('the newest version is by number, not by alphabet', () => {
  expect(picked([wheel('2026.9.11063'), wheel('2026.10.11549'), wheel('2026.10.9')])).toBe('2026.10.11549')
})

test('a post release is newer than its release', () => {
  expect(picked([wheel('1.0.post1'), wheel('1.0')])).toBe('1.0.post1')
})

test.each(['2.0a1', '2.0b2', '2.0rc1', '2.0.dev3', '2.0+cu128'])(
  'the pre-release %s is used only when requested',
  (version) => {
    expect(picked([wheel('1.0'), wheel(version)])).toBe('1.0')
    expect(picked([wheel('1.0'), wheel(version)], version)).toBe(version)
  },
)

test('a yanked file is used only when its version is requested', () => {
  const yanked = { ...wheel('2.0'), yanked: true }
  expect(picked([wheel('1.0'), yanked])).toBe('1.0')
  expect(picked([wheel('1.0'), yanked], '2.0')).toBe('2.0')
})

test.each([
  ['cp310-abi3-manylinux2014_x86_64', true],
  ['cp311-abi3-manylinux_2_36_x86_64', true],
  ['cp311-cp311-manylinux_2_28_x86_64', true],
  ['py3-none-any', true],
  ['cp312-abi3-manylinux2014_x86_64', false],
  ['cp310-cp310-manylinux2014_x86_64', false],
  ['cp311-cp311t-manylinux2014_x86_64', false],
  ['cp310-abi3-manylinux2014_aarch64', false],
  ['cp310-abi3-manylinux_2_37_x86_64', false],
  ['cp310-abi3-musllinux_1_2_x86_64', false],
  ['cp310-abi3-macosx_13_0_x86_64', false],
  ['cp310-abi3-win_amd64', false],
  ['cp27-abi3-manylinux2014_x86_64', false],
])('on CPython 3.11, x86-64, glibc 2.36, %s fits: %p', (tags, fits) => {
  expect(picked([wheel('1.0', tags)]) === '1.0').toBe(fits)
})

test('other machines get their own wheels', () => {
  const files = [wheel('1.0'), wheel('1.0', 'cp310-abi3-manylinux2014_aarch64')]
  expect(pickWheel(files, { ...python, machine: 'aarch64' }, null)?.file.name).toContain('aarch64')
  expect(
    picked([wheel('1.0', 'cp310-abi3-musllinux_1_2_x86_64')], null, { libc: { name: 'musl', version: [1, 2] } }),
  ).toBe('1.0')
  expect(picked([wheel('1.0')], null, { freeThreaded: true })).toBeNull()
})

test.each([
  ['>=3.12', null],
  ['>=3.8,<3.11', null],
  ['>=3.8, <3.12', '1.0'],
  ['!=3.11', null],
  ['~=3.9', '1.0'],
  [null, '1.0'],
])('Requires-Python %p leaves %p', (requiresPython, version) => {
  expect(picked([{ ...wheel('1.0'), requiresPython }])).toBe(version)
})

test.each(['xllamacpp-1.0.tar.gz', 'xllamacpp.whl', 'a-b-c-d-e-f-g.whl', ''])('%p is not a wheel', (name) => {
  expect(parseWheelName(name)).toBeNull()
})
