import { readProto } from '../../../collector/wire/proto-reader.ts'

/** What a sender can read of a google.rpc.Status. */
export interface RpcStatus {
  readonly code: number
  readonly message: string
  /** Names of google.rpc, in order. */
  readonly details: readonly string[]
  /** Of the RetryInfo; undefined: there is none. */
  readonly retryAfterSeconds: number | undefined
}

const nameOf = (typeUrl: string) => typeUrl.replace('type.googleapis.com/google.rpc.', '')

export function readStatus(bytes: Uint8Array): RpcStatus {
  const details: string[] = []
  let [code, message] = [0, '']
  let retryAfterSeconds: number | undefined
  const reader = readProto(bytes)
  while (reader.next())
    if (reader.field() === 1) code = reader.uint32()
    else if (reader.field() === 2) message = reader.text()
    else if (reader.field() === 3) {
      const detail = reader.bytes()
      const name = nameOf(Buffer.from(fieldOf(detail, 1)).toString())
      details.push(name)
      if (name === 'RetryInfo') retryAfterSeconds = numberOf(fieldOf(fieldOf(detail, 2), 1))
    }
  return { code, message, details, retryAfterSeconds }
}

interface JsonStatus {
  readonly code: number
  readonly message: string
  readonly details?: readonly { readonly '@type': string; readonly retryDelay?: string }[]
}

export function readJsonStatus(text: string): RpcStatus {
  const { code, message, details = [] } = JSON.parse(text) as JsonStatus // Wrong ones fail the comparison.
  const delay = details.find((detail) => detail.retryDelay !== undefined)?.retryDelay
  return {
    code,
    message,
    details: details.map((detail) => nameOf(detail['@type'])),
    retryAfterSeconds: delay === undefined ? undefined : Number(delay.replace(/s$/, '')),
  }
}

function fieldOf(bytes: Uint8Array, field: number): Uint8Array {
  const reader = readProto(bytes)
  while (reader.next()) if (reader.field() === field) return reader.bytes()
  return new Uint8Array()
}

function numberOf(duration: Uint8Array): number {
  const reader = readProto(duration)
  return reader.next() ? reader.uint32() : 0
}
