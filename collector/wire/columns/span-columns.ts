import { assert } from '../../std/assert.ts'
import { databaseNames, peerNames, serverAddresses, unusualPeerKeys } from '../peer.ts'
import { promotedKeys } from '../promoted.ts'
import { sidecarKey } from '../sidecar.ts'
import { AttributeColumn, type WantedKey } from './attribute-column.ts'
import type { Column } from './column.ts'
import { FixedColumn } from './fixed-column.ts'
import { ListColumn } from './list-column.ts'
import { MapColumn } from './map-column.ts'
import { SharedWords } from './shared-words.ts'
import { SpanItems } from './span-items.ts'
import { SpanPromoted } from './span-promoted.ts'
import { StringColumn } from './string-column.ts'
import type { TableBlock } from './table-block.ts'
import { boundsOfDay, type Halves } from './time-bounds.ts'
import { WordColumn } from './word-column.ts'

/** Slots of the attributes that have a column of their own, or become the peer. */
export const slots = {
  http_method: 0,
  http_route: 1,
  http_status: 2,
  db_system: 3,
  db_statement: 4,
  messaging_system: 5,
  messaging_destination: 6,
  rpc_system: 7,
  peerName: 8,
  database: 9,
  unusualPeer: 10,
  sidecar: 11,
  /** One for each pair of serverAddresses, then one for each port. */
  peerAddress: 12,
  peerPort: 12 + serverAddresses.length,
} as const

const ranked = (keys: readonly string[], slot: number): WantedKey[] =>
  keys.map((key, rank) => ({ key, slot, rank }))

const wantedOfSpans: readonly WantedKey[] = [
  ...Object.entries(promotedKeys).flatMap(([column, keys]) =>
    ranked(keys, slots[column as keyof typeof promotedKeys]),
  ),
  ...ranked(peerNames, slots.peerName),
  ...ranked(databaseNames, slots.database),
  ...ranked(unusualPeerKeys, slots.unusualPeer),
  ...ranked([sidecarKey], slots.sidecar),
  ...serverAddresses.flatMap(([address, port], index): WantedKey[] => [
    { key: address, slot: slots.peerAddress + index, rank: 0 },
    { key: port, slot: slots.peerPort + index, rank: 0 },
  ]),
]

export const exceptionTypeSlot = 0
const wantedOfEvents: readonly WantedKey[] = [{ key: 'exception.type', slot: exceptionTypeSlot, rank: 0 }]

/** The columns of a block of `spans` by what they are, for the hot loop of trace-columns.ts. */
export type SpanColumns = ReturnType<typeof spanColumns>
export type PlainSpanColumns = ReturnType<typeof plainColumns>

export function spanColumns(block: TableBlock, day: number) {
  const columns = plainColumns(block, day)
  const { clusterId, namespace, application, service, version, pod } = columns
  const { scopeName, scopeVersion, schemaUrl, batchId } = columns
  const ofResource = [clusterId, namespace, application, service, version, pod]
  return {
    ...columns,
    shared: new SharedWords([...ofResource, scopeName, scopeVersion, schemaUrl, batchId]),
    items: new SpanItems(columns),
    promoted: new SpanPromoted(columns),
  }
}

function plainColumns(block: TableBlock, day: number) {
  const column = <C extends Column>(name: string, kind: abstract new (...args: never[]) => C): C => {
    const found: unknown = block.columns[name]
    assert(found instanceof kind, `spans.${name} is not a ${kind.name}`)
    return found
  }
  const fixed = (name: string) => column(name, FixedColumn)
  const word = (name: string) => column(name, WordColumn)
  const text = (name: string) => column(name, StringColumn)
  const list = <C extends Column>(name: string, kind: abstract new (...args: never[]) => C) => {
    const found = column(name, ListColumn)
    const items: unknown = found.items
    assert(items instanceof kind, `spans.${name} is not a list of ${kind.name}`)
    return found as ListColumn<C>
  }
  const eventsAttributes = list('events_attributes', MapColumn)
  const linksAttributes = list('links_attributes', MapColumn)
  const attributes = column('attributes', MapColumn)
  const { first, last } = boundsOfDay(day)
  return {
    block,
    day,
    firstNs: first satisfies Halves,
    lastNs: last satisfies Halves,
    traceId: fixed('trace_id'),
    spanId: fixed('span_id'),
    parentSpanId: fixed('parent_span_id'),
    startTime: fixed('start_time'),
    durationNs: fixed('duration_ns'),
    clusterId: word('cluster_id'),
    namespace: word('namespace'),
    application: word('application'),
    service: word('service'),
    version: word('version'),
    pod: word('pod'),
    operation: word('operation'),
    kind: fixed('kind'),
    status: fixed('status'),
    statusMessage: text('status_message'),
    httpMethod: word('http_method'),
    httpRoute: word('http_route'),
    httpStatus: fixed('http_status'),
    dbSystem: word('db_system'),
    dbStatement: text('db_statement'),
    messagingSystem: word('messaging_system'),
    messagingDestination: word('messaging_destination'),
    rpcSystem: word('rpc_system'),
    peer: word('peer'),
    exceptionType: word('exception_type'),
    attributes: new AttributeColumn(attributes, wantedOfSpans),
    resourceId: fixed('resource_id'),
    scopeName: word('scope_name'),
    scopeVersion: word('scope_version'),
    scopeAttributes: column('scope_attributes', MapColumn),
    schemaUrl: word('schema_url'),
    traceState: text('trace_state'),
    flags: fixed('flags'),
    eventsTime: list('events_time', FixedColumn),
    eventsName: list('events_name', WordColumn),
    eventsAttributes,
    eventAttributes: new AttributeColumn(eventsAttributes.items, wantedOfEvents),
    linksTraceId: list('links_trace_id', FixedColumn),
    linksSpanId: list('links_span_id', FixedColumn),
    linksTraceState: list('links_trace_state', StringColumn),
    linksAttributes,
    linkAttributes: new AttributeColumn(linksAttributes.items),
    droppedAttributes: fixed('dropped_attributes'),
    droppedEvents: fixed('dropped_events'),
    droppedLinks: fixed('dropped_links'),
    clamped: fixed('clamped'),
    sidecar: fixed('sidecar'),
    weight: fixed('weight'),
    receivedAt: fixed('received_at'),
    batchId: word('batch_id'),
  }
}
