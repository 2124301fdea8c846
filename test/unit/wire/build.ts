import { logsTable } from '../../../collector/record/signal.ts'
import type { RowOf } from '../../../collector/record/table.ts'
import type { DecodeResult } from '../../../collector/wire/decoded.ts'
import { decodeLogs } from '../../../collector/wire/log-decoder.ts'
import { type ProtoWriter, writeProto } from '../../../collector/wire/proto-writer.ts'
import { decodeTraces } from '../../../collector/wire/trace-decoder.ts'

export const nowMs = 1_700_000_000_000
export const nowNs = BigInt(nowMs) * 1_000_000n
export const context = { receivedAtMs: nowMs, batchId: '' }

type Write = (writer: ProtoWriter) => unknown

/** An export request of one resource and one scope, of any signal. */
export function requestOf(items: readonly Write[], resource: Write = () => {}): Uint8Array {
  return writeProto()
    .message(1, (perResource) => {
      perResource.message(1, (writer) => void resource(writer))
      perResource.message(2, (scope) => {
        for (const item of items) scope.message(2, (writer) => void item(writer))
      })
    })
    .finish()
}

/** The fields a span must have; times of the year 2023. */
export function validSpan(writer: ProtoWriter): ProtoWriter {
  return writer
    .bytes(1, Buffer.alloc(16, 1))
    .bytes(2, Buffer.alloc(8, 2))
    .fixed64(7, nowNs - 5_000_000n)
    .fixed64(8, nowNs)
}

export function attribute(field: number, key: string, value: Write): Write {
  return (writer) => writer.message(field, (pair) => pair.text(1, key).message(2, (any) => void value(any)))
}

export function only<Row>(decoded: DecodeResult<Row>): Row {
  if (decoded.type === 'invalid') throw new Error(decoded.message)
  const [row] = decoded.rows
  if (decoded.rows.length !== 1 || row === undefined)
    throw new Error(`${decoded.rows.length} rows, ${decoded.messages.join('; ')}`)
  return row
}

export const tracesOf = (body: Uint8Array) =>
  decodeTraces({ signal: 'traces', encoding: 'protobuf', body }, context)
export const spanOf = (...fields: Write[]) =>
  only(
    tracesOf(
      requestOf([
        (writer) => {
          validSpan(writer)
          for (const field of fields) field(writer)
        },
      ]),
    ),
  )

export const jsonTraces = (json: unknown, prefix = '') =>
  decodeTraces(
    {
      signal: 'traces',
      encoding: 'json',
      body: Buffer.from(prefix + (typeof json === 'string' ? json : JSON.stringify(json))),
    },
    context,
  )

export const jsonSpan = (fields: object) => ({
  resourceSpans: [
    {
      scopeSpans: [
        {
          spans: [
            {
              traceId: '01'.repeat(16),
              spanId: '02'.repeat(8),
              startTimeUnixNano: String(nowNs - 5_000_000n),
              endTimeUnixNano: String(nowNs),
              ...fields,
            },
          ],
        },
      ],
    },
  ],
})

export function logOf(...fields: Write[]): RowOf<typeof logsTable> {
  const body = requestOf([
    (writer) => {
      for (const field of fields) field(writer)
    },
  ])
  const item = only(decodeLogs({ signal: 'logs', encoding: 'protobuf', body }, context))
  if (item.type !== 'log') throw new Error(`a record of ${item.type}, not for ${logsTable.name}`)
  return item.row
}
