import type { SpanRow } from '../record/span.ts'
import { peerOf } from './peer.ts'
import { isSidecar } from './sidecar.ts'

/**
 * Attributes that have a column of their own, old and new names of the semantic conventions to one column; the first key
 * that is there wins (https://opentelemetry.io/docs/specs/semconv/).
 */
export const promotedKeys = {
  http_method: ['http.request.method', 'http.method'],
  http_route: ['http.route'],
  http_status: ['http.response.status_code', 'http.status_code'],
  db_system: ['db.system.name', 'db.system'],
  db_statement: ['db.query.text', 'db.statement'],
  messaging_system: ['messaging.system'],
  messaging_destination: [
    'messaging.destination.template',
    'messaging.destination.name',
    'messaging.destination',
  ],
  rpc_system: ['rpc.system.name', 'rpc.system'],
} as const

export type PromotedColumns = Pick<SpanRow, keyof typeof promotedKeys | 'peer' | 'sidecar'>

/** The columns of a span that are copies of its attributes. */
export function promotedColumns(
  attributes: ReadonlyMap<string, string>,
  { kind, service }: Pick<SpanRow, 'kind' | 'service'>,
): PromotedColumns {
  const get = (key: string) => attributes.get(key)
  return {
    http_method: firstOf(attributes, promotedKeys.http_method),
    http_route: firstOf(attributes, promotedKeys.http_route),
    http_status: httpStatus(firstOf(attributes, promotedKeys.http_status)),
    db_system: firstOf(attributes, promotedKeys.db_system),
    db_statement: firstOf(attributes, promotedKeys.db_statement),
    messaging_system: firstOf(attributes, promotedKeys.messaging_system),
    messaging_destination: firstOf(attributes, promotedKeys.messaging_destination),
    rpc_system: firstOf(attributes, promotedKeys.rpc_system),
    peer: kind === 3 || kind === 4 ? peerOf(get) : '',
    sidecar: isSidecar(get, service),
  }
}

function httpStatus(text: string): number {
  return /^\d{3}$/.test(text) ? Number(text) : 0
}

export function firstOf(attributes: ReadonlyMap<string, string>, keys: readonly string[]): string {
  for (const key of keys) {
    const value = attributes.get(key)
    if (value !== undefined && value !== '') return value
  }
  return ''
}
