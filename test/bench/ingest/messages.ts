import type { Shape } from '../corpus/request.ts'

/** Between the benchmark and the process that sends. */
export type ToSender =
  | {
      readonly type: 'prepare'
      readonly shape: Shape
      readonly seed: number
      readonly requests: number
      readonly templates: number
      readonly endMs: number
    }
  | {
      readonly type: 'send'
      readonly seconds: number
      /** Requests that wait for their answer at any time, over all lanes. */
      readonly inFlight: number
      readonly http: string
      /** host:port; both given: half of the requests each. */
      readonly grpc: string
    }

export type FromSender =
  | {
      readonly type: 'prepared'
      readonly rawBytes: number
      readonly gzipBytes: number
      readonly spans: number
    }
  | { readonly type: 'progress'; readonly spans: number }
  | ({ readonly type: 'sent' } & Sent)

export interface Sent {
  /** From the first request to the end of the time, or to the end of the pool if that came before. */
  readonly seconds: number
  /** To the last answer. */
  readonly secondsInAll: number
  /** Acknowledged within that time. */
  readonly spansInTime: number
  /** Acknowledged in all. */
  readonly spans: number
  readonly exhausted: boolean
  /** Time to the acknowledgement in ms, of accepted requests, by protocol. */
  readonly latency: Readonly<Record<string, Latency>>
  /** Answers that asked to come again, which happened. */
  readonly retries: number
  /** Requests whose answer is unknown or a refusal, by reason: the counts cannot be trusted then. */
  readonly failures: Readonly<Record<string, number>>
}

export interface Latency {
  readonly requests: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}
