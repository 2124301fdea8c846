import {
  kubeChangesTable,
  kubeCrashesTable,
  kubeEventsTable,
  kubeObjectsTable,
} from '../../../collector/record/kube.ts'
import type { OtlpSignal } from '../../../collector/record/otlp.ts'
import { logsTable, metricsTable } from '../../../collector/record/signal.ts'
import { type ResourceRow, spansTable } from '../../../collector/record/span.ts'
import type { AnyTable } from '../../../collector/record/table.ts'
import { tableOf } from '../../../collector/service/ingest/insert-blocks.ts'
import { assert } from '../../../collector/std/assert.ts'
import { createBlockDecoder } from '../../../collector/wire/block-decoder.ts'
import { decodeLogs } from '../../../collector/wire/log-decoder.ts'
import { decodeMetrics } from '../../../collector/wire/metric-decoder.ts'
import { decodeTraces } from '../../../collector/wire/trace-decoder.ts'
import type { WalkRequest } from '../../../collector/wire/walk-request.ts'
import { readNative } from '../../support/read-native.ts'
import { decodeByReference, type TableRow } from '../../support/reference/decode-request.ts'
import { differences, sameValue } from '../../support/same-value.ts'
import { receivedAtMs } from './draw-values.ts'

/** What a decoder makes of a request. */
export type Outcome =
  | { readonly type: 'invalid' }
  | {
      readonly type: 'decoded'
      readonly rows: readonly TableRow[]
      readonly rejected: number
      readonly resources: readonly ResourceRow[]
    }

/** A disagreement, told with what differs. */
export class Disagreement extends Error {}

export interface Judge {
  /** The same protobuf bytes through the reference, the plain and the columnar decoder. Throws Disagreement. */
  protobuf(signal: OtlpSignal, body: Uint8Array): Outcome
  /** JSON through the plain and the columnar decoder, which must agree with `want` if there is one. */
  json(signal: OtlpSignal, body: Uint8Array, want?: Outcome): Outcome
  /** Compares the rows of the columnar decoder's blocks since the last time. */
  seal(): void
}

export function createJudge(): Judge {
  const blocks = createBlockDecoder()
  /** Rows that the open blocks must hold. */
  let expected: TableRow[] = []

  function columnar(request: WalkRequest, want: Outcome): void {
    const appended = blocks.append(request, context)
    if (appended.type === 'invalid' || want.type === 'invalid') {
      if (appended.type !== 'invalid' || want.type !== 'invalid')
        throw new Disagreement(`columnar: ${JSON.stringify(appended)}, not ${want.type}`)
      return
    }
    const { received, rejected, parts } = appended
    const counts = { received, rejected, rows: parts.reduce((sum, part) => sum + part.rows, 0) }
    const wanted = {
      received: want.rows.length + want.rejected,
      rejected: want.rejected,
      rows: want.rows.length,
    }
    if (!sameValue(counts, wanted))
      throw new Disagreement(
        `columnar counts ${JSON.stringify(counts)}, wanted ${JSON.stringify(wanted)}: ${appended.messages.join('; ')}`,
      )
    compareResources('columnar', appended.resources, want.resources)
    expected.push(...want.rows)
  }

  return {
    protobuf(signal, body) {
      const want = decodeByReference(signal, body, context)
      compareOutcomes('plain', decodePlainly({ signal, encoding: 'protobuf', body }), want)
      columnar({ signal, encoding: 'protobuf', body }, want)
      return want
    },
    json(signal, body, want) {
      const plain = decodePlainly({ signal, encoding: 'json', body })
      if (want !== undefined) compareOutcomes('JSON', plain, want)
      columnar({ signal, encoding: 'json', body }, plain)
      return plain
    },
    seal() {
      const wanted = Map.groupBy(expected, ({ table, row }) => `${table}/${dayOf(table, row)}`)
      expected = []
      const sealed = blocks.seal()
      if (sealed.length !== wanted.size)
        throw new Disagreement(`${sealed.length} blocks, wanted ${[...wanted.keys()].join(', ')}`)
      for (const { table, day, bytes, rows } of sealed) {
        const name = `${table}/${day}`
        const want = (wanted.get(name) ?? []).map(({ row }) => row)
        if (rows !== want.length) throw new Disagreement(`${rows} rows in ${name}, wanted ${want.length}`)
        compareRows(`columnar ${name}`, readNative(bytes, tableOf(table)), want)
      }
    },
  }
}

const context = { receivedAtMs, batchId: 'uid/boot/1' }

export function decodePlainly(request: WalkRequest): Outcome {
  const decoded = plainDecoders[request.signal](request)
  if (decoded.type === 'decoded')
    assert(decoded.received === decoded.rows.length + decoded.rejected, 'received = rows + rejected')
  return decoded
}

const plainDecoders: Readonly<Record<OtlpSignal, (request: WalkRequest) => Outcome & { received?: number }>> =
  {
    traces(request) {
      const decoded = decodeTraces(request, context)
      return decoded.type === 'invalid' ? decoded : { ...decoded, rows: inTable(spansTable, decoded.rows) }
    },
    metrics(request) {
      const decoded = decodeMetrics(request, context)
      return decoded.type === 'invalid' ? decoded : { ...decoded, rows: inTable(metricsTable, decoded.rows) }
    },
    logs(request) {
      const decoded = decodeLogs(request, context)
      if (decoded.type === 'invalid') return decoded
      return { ...decoded, rows: decoded.rows.map(({ type, row }) => ({ table: logTables[type].name, row })) }
    },
  }

const inTable = (table: AnyTable, rows: readonly object[]) => rows.map((row) => ({ table: table.name, row }))

const logTables: Readonly<Record<'log' | 'object' | 'change' | 'event' | 'crash', AnyTable>> = {
  log: logsTable,
  object: kubeObjectsTable,
  change: kubeChangesTable,
  event: kubeEventsTable,
  crash: kubeCrashesTable,
}

function compareOutcomes(who: string, got: Outcome, want: Outcome): void {
  if (got.type === 'invalid' || want.type === 'invalid') {
    if (got.type !== want.type)
      throw new Disagreement(`${who}: ${got.type}, wanted ${want.type}: ${JSON.stringify(got, textOfBigint)}`)
    return
  }
  const names = (rows: readonly TableRow[]) => rows.map(({ table }) => table)
  if (got.rejected !== want.rejected || !sameValue(names(got.rows), names(want.rows)))
    throw new Disagreement(
      `${who}: ${got.rows.length} rows, ${got.rejected} rejected, wanted ${want.rows.length} and ${want.rejected}: ${JSON.stringify((got as { messages?: unknown }).messages)}`,
    )
  compareRows(
    who,
    got.rows.map(({ row }) => row),
    want.rows.map(({ row }) => row),
  )
  compareResources(who, got.resources, want.resources)
}

function textOfBigint(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}

function compareRows(who: string, got: readonly object[], want: readonly object[]): void {
  for (const [index, row] of want.entries()) {
    const found = got[index]
    if (found === undefined) throw new Disagreement(`${who}: row ${index} is missing`)
    if (!sameValue(found, row)) throw new Disagreement(`${who}, row ${index}:\n${differences(found, row)}`)
  }
}

function compareResources(who: string, got: readonly ResourceRow[], want: readonly ResourceRow[]): void {
  const sorted = (rows: readonly ResourceRow[]) =>
    [...rows].sort((a, b) => (a.resource_id < b.resource_id ? -1 : 1))
  if (got.length !== want.length)
    throw new Disagreement(`${who}: ${got.length} resources, wanted ${want.length}`)
  compareRows(`${who}, resources`, sorted(got), sorted(want))
}

const tables = new Map<string, AnyTable>(
  [spansTable, logsTable, metricsTable, kubeObjectsTable, kubeChangesTable, kubeEventsTable].map(
    (table: AnyTable) => [table.name, table],
  ),
)

function dayOf(table: string, row: object): number {
  const column = tables.get(table)?.dayColumn
  if (column === null || column === undefined) return 0
  const time = (row as Record<string, unknown>)[column]
  return Number(
    typeof time === 'bigint' ? time / 86_400_000_000_000n : Math.floor((time as number) / 86_400_000),
  )
}
