import { expect, test } from 'bun:test'
import { modelId } from '../../../src/lib/hub/names.ts'
import { entryPath, pathBelow } from '../../../src/models/naming/model-paths.ts'

test.each(['acme--tiny/tiny.gguf', '.pull-a.json', 'a\\b', '..a/...', 'a folder/ü.gguf'])(
  '%j is below the folder',
  (relative) => {
    expect(pathBelow('/data/models', relative)).toBe(`/data/models/${relative}`)
  },
)

test.each(['', '.', '..', '../models', 'a/../../x', 'a/./b', 'a//b', 'a/', '/etc/passwd', 'a\0b'])(
  '%j is refused, and the error names the folder',
  (relative) => {
    expect(() => pathBelow('/data/models', relative)).toThrow('is not a path in /data/models')
  },
)

test('an entry is a file of the folder itself', () => {
  expect(entryPath('/data/models', modelId('tiny'))).toBe('/data/models/tiny.json')
})
