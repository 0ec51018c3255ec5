import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { endpoints } from '../../../src/contract/endpoints.ts'
import { openApiDocument } from '../../../src/http/docs/openapi.ts'
import { EndpointTable } from '../../../src/http/gate/endpoint-table.ts'
import { pythonPackages } from '../../support/python-packages.ts'
import { operations, schemas } from '../../support/slot-config.ts'
import { tempDir } from '../../support/temp-dir.ts'

const bin = await pythonPackages('openapi-spec-validator==0.9.0', 'schemathesis==4.32.5')

test.skipIf(bin === null)('/openapi.json is valid OpenAPI 3.1 to openapi-spec-validator', async () => {
  const file = join(tempDir(), 'openapi.json')
  const inferences = new EndpointTable(Object.values(endpoints)).all()
  await Bun.write(file, JSON.stringify(openApiDocument('1.2.3', inferences, operations, schemas)))
  const validator = Bun.spawn([join(bin ?? '', 'openapi-spec-validator'), '--schema', '3.1.0', file], {
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const said = await new Response(validator.stdout).text()
  expect(`${said}${await new Response(validator.stderr).text()}`).toContain(': OK')
  expect(await validator.exited).toBe(0)
})
