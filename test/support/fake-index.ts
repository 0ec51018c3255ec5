/** A package index on loopback, and wheels to put into it. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rangedReply } from './fake-hub/ranged-reply.ts'

export interface FakeFile {
  name: string
  content: Uint8Array<ArrayBuffer>
  /** Default: the true one; null: none. */
  sha256?: string | null
  yanked?: boolean
}

export interface FakeIndex {
  /** The value of PIP_INDEX_URL. */
  url: string
  /** Requests so far: path, and the Authorization header if there was one. */
  seen: { path: string; authorization: string | null }[]
  stop(): void
}

const sumOf = (content: Uint8Array) => createHash('sha256').update(content).digest('hex')

const htmlPage = (files: FakeFile[]) =>
  `<!DOCTYPE html><html><body>${files
    .map(({ name, content, sha256 = sumOf(content), yanked }) => {
      const hash = sha256 === null ? '' : `#sha256=${sha256}`
      return `<a href="../../files/${name}${hash}" data-requires-python="&gt;=3.10"${yanked === true ? ' data-yanked=""' : ''}>${name}</a>`
    })
    .join('<br/>\n')}</body></html>`

const jsonPage = (files: FakeFile[]) =>
  JSON.stringify({
    meta: { 'api-version': '1.1' },
    files: files.map(({ name, content, sha256 = sumOf(content), yanked = false }) => ({
      filename: name,
      url: `../../files/${name}`,
      hashes: sha256 === null ? {} : { sha256 },
      yanked,
      'requires-python': '>=3.10',
    })),
  })

/** @param form the form of its pages @param override answers instead of the index if it returns something */
export const fakeIndex = (
  files: FakeFile[],
  form: 'html' | 'json' = 'html',
  override: (path: string, request: Request) => Response | null | Promise<null> = () => null,
): FakeIndex => {
  const seen: FakeIndex['seen'] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const path = new URL(request.url).pathname
      seen.push({ path, authorization: request.headers.get('authorization') })
      const other = await override(path, request)
      if (other !== null) return other
      const project = /^\/simple\/([^/]+)\/$/.exec(path)?.[1]
      const listed = files.filter(({ name }) => name.split('-')[0]?.replaceAll('_', '-') === project)
      if (listed.length > 0) {
        return form === 'html'
          ? new Response(htmlPage(listed), { headers: { 'content-type': 'text/html' } })
          : new Response(jsonPage(listed), { headers: { 'content-type': 'application/vnd.pypi.simple.v1+json' } })
      }
      const file = files.find(({ name }) => path === `/files/${name}`)
      if (file === undefined) return new Response('no such page', { status: 404 })
      const { status, headers, body } = rangedReply(file.content, request.headers.get('range'), {}, null)
      return new Response(body as Uint8Array<ArrayBuffer>, { status, headers })
    },
  })
  return { url: `http://127.0.0.1:${server.port}/simple`, seen, stop: () => void server.stop(true) }
}

const zipScript = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    for name, text in json.loads(sys.argv[2]).items():
        wheel.writestr(name, text)
`

/** A wheel with these files, made by python3. */
export const makeWheel = (folder: string, members: Record<string, string>): Uint8Array<ArrayBuffer> => {
  const path = join(folder, 'made.whl')
  const made = Bun.spawnSync(['python3', '-c', zipScript, path, JSON.stringify(members)])
  if (made.exitCode !== 0) throw new Error(made.stderr.toString())
  return new Uint8Array(readFileSync(path))
}

/** The files of a wheel that passes for xllamacpp as long as nobody loads a model with it. */
export const fakeMembers = (version: string) => ({
  'xllamacpp/__init__.py': `__version__ = "${version}"\nBUILD_INFO = {"build_target": "test"}\n`,
})

export const wheelName = (version: string) => `xllamacpp-${version}-py3-none-any.whl`
