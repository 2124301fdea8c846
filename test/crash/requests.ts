import { writeProto } from '../../collector/wire/proto-writer.ts'

/** Of what one sender sends; its n-th request can be made again from these. */
export interface RequestOf {
  /** Tells the ids of senders apart: below 2^16. */
  readonly sender: number
  readonly number: number
  readonly timeMs: number
  /** Of the pod it runs in, for an agent that looks. */
  readonly podUid?: string | undefined
  /** Of a log batch: every other record is of the day before, so that it takes two inserts. */
  readonly twoDays?: boolean
}

export const spansPerRequest = 20
export const recordsPerRequest = 5

/** As the database's `hex(trace_id)` prints it; the spans of a request are one trace. */
export function traceIdOf({ sender, number }: RequestOf): string {
  return `C0FFEE00${hex(sender, 8)}${hex(number, 16)}`
}

const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, '0')

/** One entry span of `crash-<sender>` and its children. */
export function traceRequest(of: RequestOf): Uint8Array {
  const traceId = Buffer.from(traceIdOf(of), 'hex')
  const startNs = BigInt(of.timeMs) * 1_000_000n
  return writeProto()
    .message(1, (resourceSpans) => {
      resourceSpans.message(1, (resource) => {
        attribute(resource, 1, 'service.name', `crash-${of.sender}`)
        if (of.podUid) attribute(resource, 1, 'k8s.pod.uid', of.podUid)
      })
      resourceSpans.message(2, (scopeSpans) => {
        for (let index = 0; index < spansPerRequest; index++)
          scopeSpans.message(2, (span) => {
            span.bytes(1, traceId).bytes(2, spanId(index))
            if (index > 0) span.bytes(4, spanId(0))
            span
              .text(5, index === 0 ? 'GET /crash' : 'work')
              .varint(6, index === 0 ? 2 : 1)
              .fixed64(7, startNs)
              .fixed64(8, startNs + 1_000_000n)
            attribute(span, 9, 'request', String(of.number))
          })
      })
    })
    .finish()
}

function spanId(index: number): Uint8Array {
  const id = Buffer.alloc(8)
  id.writeUInt32BE(index + 1, 4)
  return id
}

/** As `batch_id` begins in the database. */
export const logBatchOf = ({ sender, number }: RequestOf) => `crash-${sender}/boot/${number}`

const dayMs = 86_400_000

/** Log records have no key of their own: doubled ones would be seen. */
export function logRequest(of: RequestOf): Uint8Array {
  return writeProto()
    .message(1, (resourceLogs) => {
      resourceLogs.message(1, (resource) => attribute(resource, 1, 'service.name', `crash-${of.sender}`))
      resourceLogs.message(2, (scopeLogs) => {
        for (let index = 0; index < recordsPerRequest; index++)
          scopeLogs.message(2, (record) => {
            const daysAgo = of.twoDays ? index % 2 : 0
            record.fixed64(1, BigInt(of.timeMs - daysAgo * dayMs) * 1_000_000n)
            record.message(5, (body) => body.text(1, `${of.number} ${index}`))
          })
      })
    })
    .finish()
}

type Writer = ReturnType<typeof writeProto>

function attribute(writer: Writer, field: number, key: string, value: string): void {
  writer.message(field, (pair) => pair.text(1, key).message(2, (any) => any.text(1, value)))
}
