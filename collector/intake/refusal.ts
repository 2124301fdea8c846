export type RefusalReason =
  | 'unauthenticated'
  | 'unknown-type'
  | 'unknown-encoding'
  | 'too-large'
  | 'no-room'
  | 'over-share'
  | 'damaged'
  | 'deadline'

/** Why a request does not reach the handler. */
export interface Refusal {
  readonly reason: RefusalReason
  readonly message: string
}

export const refusals = {
  unauthenticated: { reason: 'unauthenticated', message: 'the access key is missing or not valid' },
  noRoom: { reason: 'no-room', message: 'too many bytes are in flight' },
  overShare: { reason: 'over-share', message: 'too many bytes of this sender are in flight' },
  deadline: { reason: 'deadline', message: 'the deadline had passed before the message was here' },
  tooLarge: (bytesMax: number): Refusal => ({
    reason: 'too-large',
    message: `the body is larger than ${bytesMax} bytes (before or after inflating): send smaller batches`,
  }),
  unknownEncoding: (encoding: string): Refusal => ({
    reason: 'unknown-encoding',
    message: `Content-Encoding ${encoding} is not known: use gzip, deflate, zstd or none`,
  }),
  damaged: (message: string): Refusal => ({ reason: 'damaged', message }),
} as const satisfies Record<string, Refusal | ((...values: never[]) => Refusal)>
