import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'

const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Expired',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}

export interface Failure {
  readonly code: number
  readonly message: string
  readonly reason?: string
  readonly details?: object
  /** A list that expired may be gone on with inconsistently: the token for that. */
  readonly continueToken?: string
}

/** A `Status`, as the API machinery answers all failures and ERROR events carry it. */
export function statusObject({ code, message, reason, details, continueToken }: Failure): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: continueToken === undefined ? {} : { continue: continueToken },
    status: 'Failure',
    message,
    reason: reason ?? reasons[code] ?? 'InternalError',
    ...(details ? { details } : {}),
    code,
  }
}

export function answerFailure(response: ServerResponse, failure: Failure): void {
  if (response.headersSent) return void response.destroy()
  response
    .writeHead(failure.code, { 'content-type': 'application/json' })
    .end(JSON.stringify(statusObject(failure)))
}

export interface Pace {
  /** Bytes at a time, and the pause between; undefined: all at once. */
  readonly drip: { readonly bytes: number; readonly everyMs: number } | undefined
}

/** JSON, gzipped when the client takes it and it is worth it. */
export function answerJson(
  { request, response, pace }: { request: IncomingMessage; response: ServerResponse; pace?: Pace },
  status: number,
  value: unknown,
): void {
  const plain = Buffer.from(JSON.stringify(value))
  const gzip = String(request.headers['accept-encoding']).includes('gzip') && plain.length > 1024
  const bytes = gzip ? gzipSync(plain) : plain
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(gzip ? { 'content-encoding': 'gzip' } : {}),
  })
  if (pace?.drip) void trickle(response, bytes, pace.drip)
  else response.end(bytes)
}

async function trickle(
  response: ServerResponse,
  bytes: Buffer,
  { bytes: size, everyMs }: { readonly bytes: number; readonly everyMs: number },
): Promise<void> {
  for (let at = 0; at < bytes.length && !response.destroyed; at += size) {
    response.write(bytes.subarray(at, at + size))
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
  response.end()
}
