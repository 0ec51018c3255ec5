/** Read by the bundler as macros: the page gets what it needs of the contract, without the schemas. */
import type { Operation } from '../../src/contract/operations/operation.ts'
import { type OperationName, operations } from '../../src/contract/operations/operations.ts'
import { slotNamePattern } from '../../src/contract/slot.ts'

export type RouteTable = Record<OperationName, readonly [method: Operation['method'], path: string]>

/** The methods and paths of the operation table. */
export const routes = (): RouteTable =>
  Object.fromEntries(
    Object.entries<Operation>(operations).map(([name, { method, path }]) => [name, [method, path] as const]),
  ) as unknown as RouteTable

export const slotNameForm = (): string => slotNamePattern
