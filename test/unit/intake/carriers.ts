import type { ServiceError } from '@grpc/grpc-js'
import { readPartialSuccess } from '../../../collector/agent/ship/response.ts'
import { openGrpcClient } from '../../support/grpc-export.ts'
import { versions } from './listener-harness.ts'
import { type RpcStatus, readJsonStatus, readStatus } from './rpc-status.ts'

/** What a sender of traces is told, whatever carries it. */
export type Told =
  | {
      readonly type: 'success'
      readonly bytes: Uint8Array
      readonly rejected: number
      readonly message: string
    }
  | {
      readonly type: 'failure'
      /** The HTTP status, or the gRPC code. */
      readonly status: number
      /** Retry-After; of gRPC that of RetryInfo. */
      readonly retryAfter: number | undefined
      readonly rpc: RpcStatus
    }

/** Sends one request of traces over a connection of its own. */
export type Carrier = (
  port: number,
  sent: { readonly body: Uint8Array; readonly headers?: Readonly<Record<string, string>> },
) => Promise<Told>

function overHttp(version: string, type: 'application/x-protobuf' | 'application/json'): Carrier {
  return async (port, { body, headers = {} }) => {
    const send = versions[version]
    if (!send) throw new Error(`${version} is not known`)
    const answer = await send(port, { body, headers: { ...headers, 'content-type': type } })
    const isJson = type === 'application/json'
    if (answer.headers['content-type'] !== type)
      throw new Error(`${type} is answered with ${answer.headers['content-type']}`)
    const text = answer.body.toString()
    if (answer.status === 200)
      return {
        type: 'success',
        bytes: answer.body,
        ...(isJson ? jsonPartial(text) : readPartialSuccess(answer.body)),
      }
    const after = answer.headers['retry-after']
    return {
      type: 'failure',
      status: answer.status,
      retryAfter: after === undefined ? undefined : Number(after),
      rpc: isJson ? readJsonStatus(text) : readStatus(answer.body),
    }
  }
}

interface JsonPartial {
  readonly partialSuccess?: { readonly rejectedSpans?: string; readonly errorMessage?: string }
}

function jsonPartial(text: string) {
  const { partialSuccess = {} } = JSON.parse(text) as JsonPartial // Wrong ones fail the comparison.
  return { rejected: Number(partialSuccess.rejectedSpans ?? 0), message: partialSuccess.errorMessage ?? '' }
}

const overGrpc: Carrier = async (port, { body, headers = {} }) => {
  const client = openGrpcClient(`127.0.0.1:${port}`)
  try {
    const bytes = await client.export(body, headers)
    return { type: 'success', bytes, ...readPartialSuccess(bytes) }
  } catch (error) {
    const { code, metadata } = error as ServiceError // The client rejects with nothing else.
    const [details] = metadata.get('grpc-status-details-bin')
    const rpc = readStatus(Buffer.from(details ?? ''))
    return { type: 'failure', status: code, retryAfter: rpc.retryAfterSeconds, rpc }
  } finally {
    client.close()
  }
}

export interface NamedCarrier {
  readonly name: string
  readonly encoding: 'protobuf' | 'json'
  readonly isGrpc: boolean
  readonly send: Carrier
}

export const carriers: readonly NamedCarrier[] = [
  ...['HTTP/1.1', 'HTTP/2'].flatMap((version): NamedCarrier[] => [
    {
      name: `${version} with protobuf`,
      encoding: 'protobuf',
      isGrpc: false,
      send: overHttp(version, 'application/x-protobuf'),
    },
    {
      name: `${version} with JSON`,
      encoding: 'json',
      isGrpc: false,
      send: overHttp(version, 'application/json'),
    },
  ]),
  { name: 'gRPC', encoding: 'protobuf', isGrpc: true, send: overGrpc },
]
