/** The routes of slots. */
import { Type } from 'typebox'
import { Captured, captureBounds } from '../logs/captured.ts'
import { SlotName, SwapRequest } from '../slot.ts'
import type { SlotSchemas } from '../slot-config.ts'
import { type Operation, op } from './operation.ts'

const name = Type.Object({ name: SlotName }, { additionalProperties: false })
/** `?wait=SECONDS`: answer once the slot has reached the goal, at most a day. */
const wait = Type.Object(
  { wait: Type.Optional(Type.Number({ minimum: 0, maximum: 86_400 })) },
  { additionalProperties: false },
)
const command = <const V extends string>(verb: V, summary: string, Slot: SlotSchemas['Slot']) =>
  op({
    method: 'POST',
    path: `/api/slots/{name}/${verb}`,
    scope: 'admin',
    tag: 'slots',
    summary,
    params: name,
    query: wait,
    replies: { 200: Slot, 202: Slot },
  })

/** Number of last lines. With `/logs/events` they come first, and the default is none. */
export const LogLines = Type.Object(
  { lines: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })) },
  { additionalProperties: false },
)

/** @param schemas of a slot's configuration: complete for the daemon, open for clients */
export const slotOperations = ({ Slot, SlotCreate, SlotPatch }: SlotSchemas) =>
  ({
    listSlots: op({
      method: 'GET',
      path: '/api/slots',
      scope: 'admin',
      tag: 'slots',
      summary: 'All slots',
      replies: { 200: Type.Array(Slot) },
    }),
    createSlot: op({
      method: 'POST',
      path: '/api/slots',
      scope: 'admin',
      tag: 'slots',
      summary: 'Create a slot',
      body: SlotCreate,
      replies: { 201: Slot },
    }),
    showSlot: op({
      method: 'GET',
      path: '/api/slots/{name}',
      scope: 'admin',
      tag: 'slots',
      summary: 'One slot',
      params: name,
      replies: { 200: Slot },
    }),
    editSlot: op({
      method: 'PATCH',
      path: '/api/slots/{name}',
      scope: 'admin',
      tag: 'slots',
      summary: 'Change the configuration; what the backend was started with changes at the next load',
      params: name,
      body: SlotPatch,
      replies: { 200: Slot },
    }),
    deleteSlot: op({
      method: 'DELETE',
      path: '/api/slots/{name}',
      scope: 'admin',
      tag: 'slots',
      summary: 'Delete an offline slot',
      params: name,
      replies: { 204: null },
    }),
    loadSlot: command('load', 'Load the model; joins a load under way', Slot),
    unloadSlot: command('unload', 'Stop the backend', Slot),
    restartSlot: command('restart', 'Stop the backend and load again', Slot),
    acknowledgeSlot: command('acknowledge', 'Acknowledge an error', Slot),
    cancelSlot: command('cancel', 'Cancel the load under way', Slot),
    swapSlot: op({
      method: 'POST',
      path: '/api/slots/{name}/swap',
      scope: 'admin',
      tag: 'slots',
      summary: 'Put another model into the slot and load it',
      params: name,
      query: wait,
      body: SwapRequest,
      replies: { 200: Slot, 202: Slot },
    }),
    slotLogs: op({
      method: 'GET',
      path: '/api/slots/{name}/logs',
      scope: 'admin',
      tag: 'slots',
      summary: 'The last lines that the backend printed',
      params: name,
      query: LogLines,
      replies: { 200: Type.Array(Type.String()) },
    }),
    slotCaptures: op({
      method: 'GET',
      path: '/api/slots/{name}/captures',
      scope: 'admin',
      tag: 'slots',
      summary: 'Prompts and answers of the last requests, newest first; kept while `capture` is on',
      params: name,
      query: Type.Object(
        { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: captureBounds.requests })) },
        { additionalProperties: false },
      ),
      replies: { 200: Type.Array(Captured) },
    }),
  }) as const satisfies Record<string, Operation>
