/** `/openapi.json`, and `/docs`: the same as a readable page, rendered on the server without any script. */
import { codeRow, type ErrorCode, errorCodes } from '../../contract/error.ts'
import { policyWithInlineStyle } from '../answers/security-headers.ts'
import type { Routes } from '../routing/routes.ts'
import type { OpenApiDocument } from './openapi.ts'
import type { OperationObject } from './openapi-parts.ts'

const style = `
:root{color-scheme:light dark;--line:light-dark(#d8dbe0,#343a42);--soft:light-dark(#f4f5f7,#1d2126)}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1.5rem;background:light-dark(#fff,#14171a);color:light-dark(#1b1f24,#e4e7eb)}
code,pre{font:.875rem/1.45 ui-monospace,monospace}
pre{background:var(--soft);border:1px solid var(--line);border-radius:6px;padding:.75rem;overflow:auto}
details{border-top:1px solid var(--line);padding:.5rem 0}
summary{cursor:pointer;display:flex;flex-wrap:wrap;gap:.25rem .75rem;align-items:baseline}
summary b{min-width:5rem}
table{border-collapse:collapse}
td,th{text-align:left;padding:.2rem 1rem .2rem 0;border-top:1px solid var(--line)}
a{color:light-dark(#0b5cad,#7cb8ff)}
`

const block = (title: string, value: unknown): string =>
  value === undefined ? '' : `<h4>${title}</h4><pre>${Bun.escapeHTML(JSON.stringify(value, null, 2))}</pre>`

const operationHtml = (method: string, path: string, operation: OperationObject): string =>
  `<details><summary><b>${method.toUpperCase()}</b><code>${Bun.escapeHTML(path)}</code>` +
  `<span>${Bun.escapeHTML(operation.summary)}</span></summary>` +
  block('Parameters', operation.parameters) +
  block('Body', operation.requestBody?.content) +
  block('Answers', operation.responses) +
  '</details>'

const section = (tag: string, { paths }: OpenApiDocument): string =>
  `<h2>${Bun.escapeHTML(tag)}</h2>` +
  Object.entries(paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, operation]) => operation.tags.includes(tag))
        .map(([method, operation]) => operationHtml(method, path, operation)),
    )
    .join('')

const errorRow = (code: string): string => {
  const { status, type } = codeRow(code as ErrorCode)
  return `<tr><td><code>${code}</code></td><td>${status}</td><td>${type}</td></tr>`
}

const page = (document: OpenApiDocument): string => {
  const tags = new Set(
    Object.values(document.paths).flatMap((methods) => Object.values(methods).flatMap((o) => o.tags)),
  )
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) =>
      `<details><summary><code>${name}</code></summary><pre>${Bun.escapeHTML(JSON.stringify(schema, null, 2))}</pre></details>`,
  )
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">' +
    `<title>hal0 API</title><style>${style}</style></head><body><h1>hal0 API ${Bun.escapeHTML(document.info.version)}</h1>` +
    `<p>${Bun.escapeHTML(document.info.description)} For programs: <a href="/openapi.json">/openapi.json</a>. <a href="/">Dashboard</a></p>` +
    [...tags].map((tag) => section(tag, document)).join('') +
    `<h2>Errors</h2><table><tr><th>code</th><th>status</th><th>type</th></tr>${Object.keys(errorCodes).map(errorRow).join('')}</table>` +
    `<h2>Schemas</h2>${schemas.join('')}</body></html>`
  )
}

export const mountDocs = (routes: Routes, document: OpenApiDocument): void => {
  const html = page(document)
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policyWithInlineStyle(style),
  }
  routes.on({ method: 'GET', path: '/openapi.json', scope: 'admin' }, () =>
    Response.json(document, { headers: { 'cache-control': 'no-cache' } }),
  )
  routes.on({ method: 'GET', path: '/docs', scope: 'admin' }, () => new Response(html, { headers }))
}
