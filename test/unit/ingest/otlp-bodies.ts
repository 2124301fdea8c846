import type { OtlpRequest } from '../../../collector/record/otlp.ts'

const hex = (number: number, digits: number) => number.toString(16).padStart(digits, '0')

export interface TraceBody {
  readonly spans: number
  readonly startMs: number
  readonly service?: string
  /** Of the first span. */
  readonly firstSpanId?: string
  readonly firstTrace?: number
}

/** An OTLP/JSON trace request. */
export function traceBody({
  spans,
  startMs,
  service = 'shop',
  firstSpanId,
  firstTrace = 1,
}: TraceBody): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
          scopeSpans: [
            {
              spans: Array.from({ length: spans }, (_, index) => ({
                traceId: hex(firstTrace + index, 32),
                spanId: index === 0 && firstSpanId !== undefined ? firstSpanId : hex(index + 1, 16),
                name: 'GET /',
                kind: 2,
                startTimeUnixNano: `${startMs}000000`,
                endTimeUnixNano: `${startMs + 5}000000`,
              })),
            },
          ],
        },
      ],
    }),
  )
}

export function traceRequest(
  body: TraceBody,
  { batchId = '', resend = false }: { readonly batchId?: string; readonly resend?: boolean } = {},
): OtlpRequest {
  return { signal: 'traces', encoding: 'json', body: traceBody(body), peerAddress: '', batchId, resend }
}
