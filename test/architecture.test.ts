/** The rules of the house that a compiler does not see: who may import whom, and who alone may do what. */
import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'

const root = join(import.meta.dir, '..')
const longestFile = 250

interface SourceFile {
  /** Relative to the repository: src/slots/decide/step.ts */
  path: string
  text: string
  /** The code without its comments. */
  code: string
  imports: string[]
}

/** Comments become blanks; strings, templates and regular expressions that contain their signs stay. */
const withoutComments = (text: string): string => {
  const token =
    /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|(?<=[=(,:[!&|?{};]\s*)\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g
  return text.replace(token, (found) => (/^\/[/*]/.test(found) ? ' ' : found))
}

const importPattern = /(?:\bfrom|\bimport)\s*\(?\s*(['"])([^'"\n]+)\1/g

const read = (folder: string): SourceFile[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') || name.endsWith('.tsx'))
    .map((name) => {
      const path = join(folder, name)
      const text = readFileSync(join(root, path), 'utf8')
      const code = withoutComments(text)
      return { path, text, code, imports: [...code.matchAll(importPattern)].map((match) => match[2] ?? '') }
    })

const sources = read('src')
const web = read('web')

/** The file that a relative import of `from` means, relative to the repository; null for packages. */
const target = (from: SourceFile, specifier: string): string | null =>
  specifier.startsWith('.') ? relative(root, join(root, dirname(from.path), specifier)) : null

/** src/slots/decide/step.ts → slots; src/daemon.ts → daemon */
const partOf = (path: string): string => (path.split('/')[1] ?? '').replace(/\.ts$/, '')

/** What is no code (package.json, the engines' Python) has no direction. */
const edges = sources.flatMap((from) =>
  from.imports.flatMap((specifier) => {
    const to = target(from, specifier)
    return to?.endsWith('.ts') === true ? [{ from: from.path, to }] : []
  }),
)
const edgesOf = (part: string) => edges.filter(({ from }) => partOf(from) === part)
const shown = (list: { from: string; to: string }[]) => list.map(({ from, to }) => `${from} → ${to}`)

/** Globals of Bun and Node. */
const browserForeign = /\b(Bun|process|Buffer|require|__dirname)\b|import\.meta/

/** Files whose code fits. */
const filesWith = (pattern: RegExp, among = sources): string[] =>
  among.filter(({ code }) => pattern.test(code)).map(({ path }) => path)

describe('who may import whom', () => {
  /** From left to right; parts of one row do not import each other. */
  const rows = [
    ['contract'],
    ['lib'],
    ['system'],
    ['models', 'install', 'update', 'access'],
    ['providers'],
    ['slots'],
    ['dispatch'],
    ['observability'],
    ['http'],
    // Three programs: the daemon, and the threads of a download and of the database.
    ['daemon', 'pull-thread', 'log-thread'],
  ]
  const rank = new Map(rows.flatMap((row, index) => row.map((part) => [part, index] as const)))

  test('every import is found by the parser of this test', () => {
    const sample = `import a from './a.ts'
      import type { B } from "../b.ts"
      export * from './c.ts' // from './comment.ts'
      import './d.ts'
      const e = await import('./e.ts')
      const text = "it's // no comment"
      /* import './f.ts' */`
    const found = [...withoutComments(sample).matchAll(importPattern)].map((match) => match[2])
    expect(found).toEqual(['./a.ts', '../b.ts', './c.ts', './d.ts', './e.ts'])
    expect(edges.length).toBeGreaterThan(300)
  })

  test('every part of src is in the plan', () => {
    const parts = new Set(sources.map(({ path }) => partOf(path)))
    expect([...parts].filter((part) => !rank.has(part) && part !== 'cli' && part !== 'main')).toEqual([])
  })

  test('the dependencies of the daemon run from left to right only', () => {
    const upward = edges.filter(({ from, to }) => {
      const [importer, imported] = [partOf(from), partOf(to)]
      const mine = rank.get(importer)
      if (mine === undefined || importer === imported) return false
      return (rank.get(imported) ?? Number.POSITIVE_INFINITY) >= mine
    })
    expect(shown(upward)).toEqual([])
  })

  test('the command line imports contract, lib and the providers’ table, but for what works on this host', () => {
    const beyond = edgesOf('cli').filter(
      ({ to }) => !['cli', 'contract', 'lib'].includes(partOf(to)) && to !== 'src/providers/table.ts',
    )
    expect(shown(beyond.filter(({ from }) => !from.startsWith('src/cli/host/')))).toEqual([])
    expect([...new Set(beyond.map(({ to }) => partOf(to)))].sort()).toEqual([
      'access',
      'install',
      'models',
      'providers',
      // Doctor reads the files of the slots as the daemon does.
      'slots',
      'system',
      'update',
    ])
  })

  test('main imports the command line, the daemon, and what a slot’s unit executes', () => {
    expect([...new Set(edgesOf('main').map(({ to }) => partOf(to)))].sort()).toEqual(['cli', 'daemon', 'system'])
  })

  test('nobody imports main or the threads, and only main imports the daemon', () => {
    expect(shown(edges.filter(({ to }) => ['main', 'pull-thread', 'log-thread'].includes(partOf(to))))).toEqual([])
    expect(edges.filter(({ to }) => partOf(to) === 'daemon').map(({ from }) => from)).toEqual(['src/main.ts'])
  })

  /** Files of lib that the dashboard may import: pure, without an import of their own. */
  const browserSafe = ['src/lib/figures.ts']

  test('the dashboard imports nothing of src but the contract, and the figures that the command line shows, too', () => {
    const inner = web.flatMap((from) =>
      from.imports.flatMap((specifier) => {
        const to = target(from, specifier)
        return to?.startsWith('src/') === true ? [{ from: from.path, to }] : []
      }),
    )
    expect(shown(inner.filter(({ to }) => partOf(to) !== 'contract' && !browserSafe.includes(to)))).toEqual([])
  })

  test('the parts of the dashboard that every view uses know no view', () => {
    const common = ['web/data/', 'web/words/', 'web/ui/']
    const wrong = web
      .filter(({ path }) => common.some((folder) => path.startsWith(folder)))
      .flatMap((from) => from.imports.map((specifier) => ({ from: from.path, to: target(from, specifier) ?? '' })))
      .filter(({ to }) => to.startsWith('web/') && !common.some((folder) => to.startsWith(folder)))
    expect(shown(wrong)).toEqual([])
  })

  test('what the dashboard imports of lib runs in a browser', () => {
    const files = sources.filter(({ path }) => browserSafe.includes(path))
    expect(files.map(({ path }) => path)).toEqual(browserSafe)
    expect(files.flatMap(({ imports }) => imports)).toEqual([])
    expect(filesWith(browserForeign, files)).toEqual([])
  })

  test('the contract runs in a browser: typebox and itself, no globals of Bun or Node', () => {
    const contract = sources.filter(({ path }) => partOf(path) === 'contract')
    const others = contract.flatMap(({ imports }) => imports).filter((one) => one !== 'typebox' && !one.startsWith('.'))
    expect(others).toEqual([])
    expect(shown(edgesOf('contract').filter(({ to }) => partOf(to) !== 'contract'))).toEqual([])
    const bare = contract.map((file) => ({ ...file, code: file.code.replace(/'[^'\n]*'|`[^`]*`/g, "''") }))
    expect(filesWith(browserForeign, bare)).toEqual([])
  })

  /** Rooms of one part, in the order in which they may import each other: from right to left. */
  const rooms: Record<string, string[]> = {
    slots: ['queue', 'machine', 'decide', 'store', 'run'],
    models: [
      'fit',
      'naming',
      'progress',
      'gguf',
      'formats',
      'verify',
      'import',
      'registry',
      'catalog',
      'hub/client',
      'hub/offers',
      'pull/origin',
      'pull/staging',
      'pull/download',
      'pull/package',
      'pull/thread',
      'pull/record',
      'pull/job',
      'pull/queue',
    ],
    dispatch: ['body', 'upstream', 'dialects', 'targets', 'media', 'waiting', 'relay', 'decisions'],
    observability: ['database', 'log', 'metrics', 'why'],
    http: ['answers', 'gate', 'routing', 'feeds', 'api', 'docs'],
    system: ['files', 'package-index', 'config', 'proc', 'hardware', 'process', 'systemd'],
  }

  test('the rooms of a part import each other in one direction, and what stands beside them imports rooms', () => {
    const roomOf = (part: string, path: string): number =>
      (rooms[part] ?? []).findIndex((room) => path.startsWith(`src/${part}/${room}/`))
    const wrong = edges.filter(({ from, to }) => {
      const part = partOf(from)
      if (partOf(to) !== part || rooms[part] === undefined) return false
      const [mine, other] = [roomOf(part, from), roomOf(part, to)]
      return mine >= 0 && other > mine
    })
    expect(shown(wrong)).toEqual([])
    const named = Object.entries(rooms).flatMap(([part, list]) => list.map((room) => `src/${part}/${room}/`))
    expect(named.filter((room) => !sources.some(({ path }) => path.startsWith(room)))).toEqual([])
  })

  test('no room of the gateway imports what stands beside the rooms', () => {
    const gateway = ['dispatch', 'http']
    const upward = edges.filter(({ from, to }) => {
      const part = partOf(from)
      const inRoom = (rooms[part] ?? []).some((room) => from.startsWith(`src/${part}/${room}/`))
      return gateway.includes(part) && inRoom && dirname(to) === `src/${part}`
    })
    expect(shown(upward)).toEqual([])
  })

  test('no two folders beside each other import each other', () => {
    const pairs = new Set(edges.map(({ from, to }) => `${dirname(from)} ${dirname(to)}`))
    const isAbove = (above: string, below: string) => `${below}/`.startsWith(`${above}/`)
    const mutual = [...pairs].filter((pair) => {
      const [a = '', b = ''] = pair.split(' ')
      return a < b && !isAbove(a, b) && !isAbove(b, a) && pairs.has(`${b} ${a}`)
    })
    expect(mutual).toEqual([])
  })

  test('there is no cycle of imports', () => {
    const next = Map.groupBy(edges, ({ from }) => from)
    const done = new Set<string>()
    const cycles: string[] = []
    const visit = (path: string, trail: string[]): void => {
      const at = trail.indexOf(path)
      if (at >= 0) cycles.push([...trail.slice(at), path].join(' → '))
      if (at >= 0 || done.has(path)) return
      for (const { to } of next.get(path) ?? []) visit(to, [...trail, path])
      done.add(path)
    }
    for (const { path } of sources) visit(path, [])
    expect(cycles).toEqual([])
  })
})

describe('files', () => {
  test('are called after the one thing that they hold', () => {
    const drawer = ({ path }: SourceFile) => /^(index\.tsx?$|utils?\b|helpers?\b)/.test(basename(path))
    expect([...sources, ...web].filter(drawer).map(({ path }) => path)).toEqual([])
  })

  test(`have at most ${longestFile} lines`, () => {
    const long = [...sources, ...web].filter(({ text }) => text.trimEnd().split('\n').length > longestFile)
    expect(long.map(({ path, text }) => `${path}: ${text.split('\n').length}`)).toEqual([])
  })
})

describe('folders', () => {
  /** AGENTS.md says why. */
  const larger = ['src/cli/model', 'src/cli/slot']

  test('have at most twelve files beside each other', () => {
    const count = Map.groupBy([...sources, ...web], ({ path }) => dirname(path))
    const crowded = [...count].filter(([folder, files]) => files.length > 12 && !larger.includes(folder))
    expect(crowded.map(([folder, files]) => `${folder}: ${files.length}`)).toEqual([])
  })
})

describe('who alone may do what', () => {
  test('only its provider names llama.cpp', () => {
    const excepted = [
      // The format is described in its sources, by enums that are called so; and an architecture of models is.
      'src/models/gguf/',
    ]
    // Ollama is another program.
    const naming = [...sources, ...web].filter(({ text }) => /(?<!o)llama/i.test(text)).map(({ path }) => path)
    const allowed = ['src/providers/', ...excepted]
    expect(naming.filter((path) => !allowed.some((folder) => path.startsWith(folder)))).toEqual([])
  })

  test('only main ends the process', () => {
    expect(filesWith(/\bprocess\s*\.\s*(exit|abort|reallyExit)\b/)).toEqual(['src/main.ts'])
  })

  test('only model-paths.ts joins paths below models/, since the names come from strangers', () => {
    const joining = sources.filter(
      ({ path, code }) =>
        partOf(path) === 'models' &&
        /\b(join|resolve|normalize|posix|win32)\b[^;]*from 'node:path'|import (\* as )?\w+ from 'node:path'/.test(code),
    )
    expect(joining.map(({ path }) => path).sort()).toEqual([
      // Where the hub's own client keeps its token.
      'src/models/hub/client/hub-settings.ts',
      'src/models/hub/client/own-token.ts',
      // The files beside the one that a person imports.
      'src/models/import/import-plan.ts',
      'src/models/naming/model-paths.ts',
    ])
  })

  test('these files alone open connections by themselves: to this machine, to hubs, indexes and releases', () => {
    const calling = filesWith(
      /(?<![\w.#$]|function )fetch\((?!\))|^\s+fetch,$|\bBun\.connect\(|\bBun\.connect<|\b(?:create)?[cC]onnect(?:ion)?\b[^;]*from 'node:net'/m,
    )
    expect(calling.sort()).toEqual([
      // To this machine: never by a proxy.
      'src/cli/api/connection.ts',
      'src/dispatch/streams/kept-streams.ts',
      'src/dispatch/upstream/connection.ts',
      // In the browser, on the page itself.
      'src/http/api/access/sign-in-page.ts',
      // Looks whether somebody listens at the local socket.
      'src/http/front/local-socket.ts',
      'src/install/doctor/find/hub.ts',
      'src/install/service/local-api.ts',
      // Its redirects are followed by hand, to decide at every step who gets the token.
      'src/models/hub/client/hub-setup.ts',
      'src/slots/run/effects/probe.ts',
      'src/system/daemon-answers.ts',
      // Credentials of an index go to its origin only.
      'src/system/package-index/fetch-body.ts',
      'src/system/package-index/package-index.ts',
      'src/update/api-service.ts',
      // Carries no secret: everything is verified.
      'src/update/this-machine.ts',
    ])
  })

  test('chat templates of models are rendered by their engines: nothing here reads or renders one', () => {
    expect(filesWith(/chat_template|jinja|nunjucks|minijinja/i, [...sources, ...web])).toEqual([])
  })

  test('only Step makes the record of another state', () => {
    const slots = sources.filter(({ path }) => partOf(path) === 'slots')
    const assigning = /\.record\s*=(?!=)|\brecord\.state\s*=(?!=)/
    expect(filesWith(assigning, slots)).toEqual(['src/slots/decide/step.ts'])
    expect(filesWith(/\.committing\s*=(?!=)(?!\s*null\b)/, slots)).toEqual(['src/slots/decide/step.ts'])
    expect(filesWith(/\bisLegalTransition\(/, slots)).toEqual(['src/slots/decide/step.ts'])
  })

  test('only http/errors.ts makes a response of an error, in the words of the dialects', () => {
    expect(filesWith(/\.envelope\(\)/).sort()).toEqual([
      'src/dispatch/dialects/openai.ts',
      'src/dispatch/dialects/responses.ts',
    ])
    expect(filesWith(/\.errorBody\(/)).toEqual(['src/http/answers/errors.ts'])
    expect(filesWith(/Response(\.json)?\(\s*(JSON\.stringify\(\s*)?\{\s*error\b/)).toEqual([])
    expect(filesWith(/\bx-should-retry\b/)).toEqual(['src/http/answers/errors.ts'])
  })
})
