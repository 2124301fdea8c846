/**
 * The words of OTLP as a transport. The listeners of collector/intake keep the protocol's rules (media types, encodings,
 * limits, status bodies) and hand whole request bodies to one handler, of the agent or of the service.
 */
export type OtlpSignal = 'traces' | 'logs' | 'metrics'
export type OtlpEncoding = 'protobuf' | 'json'
/** How a body is compressed, whatever its sender called it. */
export type OtlpCompression = 'identity' | 'gzip' | 'deflate' | 'zstd'

export interface OtlpRequest {
  readonly signal: OtlpSignal
  readonly encoding: OtlpEncoding
  /** Inflated when the listener inflates (the default), else as it came, `compression` telling how. Within the size limit. */
  readonly body: Uint8Array
  /** Absent: `identity`. */
  readonly compression?: OtlpCompression
  /** The sender's address as the socket shows it, without an IPv4-in-IPv6 prefix. */
  readonly peerAddress: string
  /** Header `binnacle-batch-id` of our agent: `<agent uid>/<boot id>/<sequence>`; empty for other senders. */
  readonly batchId: string
  /** Header `binnacle-batch-resend: 1`: this batch may already be stored. */
  readonly resend: boolean
  /** Header `binnacle-forwarded: 1`: another replica of the agent sends what an application sent to it. */
  readonly forwarded?: boolean
}

/** What became of a request. `accepted` is answered only after the data is kept (spool fsync or committed insert). */
export type OtlpOutcome =
  | { readonly type: 'accepted'; readonly rejected: number; readonly message: string }
  | {
      readonly type: 'retry'
      readonly status: 429 | 503
      readonly afterSeconds: number
      readonly message: string
    }
  /** Inflated by the handler, it passes the size limit: 413 / RESOURCE_EXHAUSTED. */
  | { readonly type: 'too-large'; readonly message: string }
  /** Undecodable: 400 / INVALID_ARGUMENT. */
  | { readonly type: 'invalid'; readonly message: string }

export type OtlpHandler = (request: OtlpRequest) => Promise<OtlpOutcome>
