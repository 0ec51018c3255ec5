import { describe, expect, test } from 'bun:test'
import { endpoints } from '../../../src/contract/endpoints.ts'
import { openApiDocument } from '../../../src/http/docs/openapi.ts'
import { EndpointTable } from '../../../src/http/gate/endpoint-table.ts'
import { operations, schemas } from '../../support/slot-config.ts'

const inferences = new EndpointTable(Object.values(endpoints)).all()
const document = openApiDocument('1.2.3', inferences, operations, schemas)
const all = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
)

describe('/openapi.json', () => {
  test('holds every operation of the table with its replies', () => {
    for (const [name, { method, path, replies }] of Object.entries(operations)) {
      const found = document.paths[path]?.[method.toLowerCase()]
      expect(found?.operationId).toBe(name)
      expect(Object.keys(found?.responses ?? {})).toEqual([...Object.keys(replies), '4XX', '5XX'])
    }
  })

  test('holds the event streams and the OpenAI routes', () => {
    const paths = Object.keys(document.paths)
    expect(paths).toContain('/api/slots/events')
    expect(paths).toContain('/api/slots/{name}/logs/events')
    expect(paths).toContain('/api/models/{id}/verify/events')
    expect(paths).toContain('/api/logs/decisions/events')
    expect(paths).toContain('/v1/chat/completions')
    expect(paths).toContain('/v1/models/{id}')
  })

  test("says that an error of inference is hal0's or its backend's own, and every other one hal0's", () => {
    const refTo = (path: string) => ({
      $ref: `#/components/schemas/${path.startsWith('/v1/messages') ? 'AnthropicErrorEnvelope' : 'ErrorEnvelope'}`,
    })
    for (const { path, operation } of all) {
      for (const status of ['4XX', '5XX']) {
        const schema = operation.responses[status]?.content?.['application/json']?.schema
        const envelope = refTo(path)
        const isInference = inferences.some((found) => found.path === path)
        expect(schema).toEqual(
          isInference ? { anyOf: [envelope, { type: 'object', additionalProperties: true }] } : envelope,
        )
      }
    }
  })

  test('names each operation once', () => {
    const ids = all.map(({ operation }) => operation.operationId)
    expect(ids).toEqual([...new Set(ids)])
  })

  test('refers only to schemas that it holds', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)]
    expect(references.length).toBeGreaterThan(30)
    for (const [, name] of references) expect(document.components.schemas).toHaveProperty(name ?? '')
  })

  test('repeats no named schema inline', () => {
    expect(document.paths['/api/slots']?.get?.responses['200']?.content).toEqual({
      'application/json': { schema: { type: 'array', items: { $ref: '#/components/schemas/Slot' } } },
    })
    expect(document.components.schemas.Slot?.properties).toEqual({
      config: { $ref: '#/components/schemas/SlotConfig' },
      problem: expect.objectContaining({ type: 'string' }),
      state: { $ref: '#/components/schemas/SlotRecord' },
      queue: { $ref: '#/components/schemas/SlotQueue' },
    })
  })

  test('declares every parameter of a path', () => {
    for (const { path, operation } of all) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path')
      expect(declared.map(({ name }) => name).join()).toBe(inPath.join())
      expect(declared.every(({ required }) => required)).toBe(true)
    }
  })
})
