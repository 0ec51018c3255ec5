/** README and docs as texts: short, connected, and about commands that exist. */
import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { anchorsOf, pages, root } from './pages.ts'

test('the README is short', () => {
  const readme = pages.find(({ path }) => path === 'README.md')
  expect(readme?.text.split('\n').length).toBeLessThanOrEqual(150)
})

test('every block of commands says where it runs, so that a test runs it', () => {
  const silent = pages.flatMap(({ path, blocks }) =>
    blocks
      .filter(({ language, place }) => ['sh', 'bash', 'python', 'console'].includes(language) && place === null)
      .map(({ text }) => `${path}: ${text.split('\n')[0]}`),
  )
  expect(silent).toEqual([])
})

/** Links and pictures of a page that lead to files, with the file that each one leads to. */
const linksOf = (path: string, text: string): { target: string; anchor: string | undefined }[] =>
  [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, address = '']) => address)
    .filter((address) => !/^[a-z]+:/.test(address))
    .map((address) => {
      const [file = '', anchor] = address.split('#')
      return { target: file === '' ? path : normalize(join(dirname(path), file)), anchor }
    })

test('every link leads to a file and a heading that are there', () => {
  const lost = pages.flatMap(({ path, text }) =>
    linksOf(path, text)
      .filter(({ target, anchor }) => {
        if (!existsSync(join(root, target))) return true
        const page = pages.find((one) => one.path === target)
        return anchor !== undefined && page !== undefined && !anchorsOf(page.text).includes(anchor)
      })
      .map(({ target, anchor }) => `${path} → ${target}${anchor === undefined ? '' : `#${anchor}`}`),
  )
  expect(lost).toEqual([])
})

test('the README leads to every page of docs/', () => {
  const [readme, ...rest] = pages
  if (readme === undefined) throw new Error('there is no README')
  const linked = linksOf(readme.path, readme.text).map(({ target }) => target)
  expect(rest.map(({ path }) => path).filter((path) => !linked.includes(path))).toEqual([])
})
