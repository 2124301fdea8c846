import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gzip, zstdCompress } from 'node:zlib'
import { errorText } from '../std/assert.ts'
import { BodyTooLarge, UnknownEncoding } from './body.ts'
import type { EngineResult } from './engine.ts'
import type { Prepared } from './prepare.ts'
import { codeOf, contentTypeOf, type Parameters, Refusal, statusOf } from './protocol.ts'

const serverName = 'binnacle-embedded'

export interface Answer {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly parameters: Parameters
  readonly prepared: Prepared
  readonly result: EngineResult
  readonly elapsedNs: number
}

export async function sendResult(answer: Answer): Promise<void> {
  const { request, response, parameters, prepared, result } = answer
  response.setHeader('X-ClickHouse-Summary', JSON.stringify(summaryOf(answer)))
  response.setHeader('X-ClickHouse-Query-Id', parameters.queryId)
  response.setHeader('X-ClickHouse-Format', prepared.format)
  response.setHeader('X-ClickHouse-Timezone', 'UTC')
  response.setHeader('X-ClickHouse-Server-Display-Name', serverName)
  response.setHeader('Content-Type', contentTypeOf(prepared.format))
  response.end(await compressed(request, response, parameters, result.bytes))
}

function summaryOf({ prepared, result, elapsedNs }: Answer): Record<string, string> {
  const inserted = prepared.lane === 'insert'
  return {
    read_rows: String(result.rows),
    read_bytes: String(result.bytesRead),
    written_rows: String(inserted ? result.rows : 0),
    written_bytes: String(inserted ? result.bytesRead : 0),
    total_rows_to_read: '0',
    result_rows: String(inserted ? result.rows : 0),
    result_bytes: String(result.bytes.length),
    elapsed_ns: String(elapsedNs),
  }
}

const compressors: readonly (readonly [string, (bytes: Uint8Array) => Promise<Buffer>])[] = [
  ['gzip', promisify<Uint8Array, Buffer>((bytes, done) => gzip(bytes, { level: 1 }, done))],
  ['zstd', promisify<Uint8Array, Buffer>((bytes, done) => zstdCompress(bytes, done))],
]

async function compressed(
  request: IncomingMessage,
  response: ServerResponse,
  { compressResponse }: Parameters,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const accepted = String(request.headers['accept-encoding'] ?? '')
  const found = compressors.find(([name]) => accepted.includes(name))
  if (!compressResponse || bytes.length === 0 || !found) return bytes
  const [name, compress] = found
  response.setHeader('Content-Encoding', name)
  return compress(bytes)
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=UTF-8' }).end(text)
}

export function sendError(response: ServerResponse, error: unknown): void {
  if (response.destroyed || response.headersSent) return
  const { status, code, message } = refusalOf(error)
  response.setHeader('X-ClickHouse-Exception-Code', String(code))
  response.setHeader('X-ClickHouse-Server-Display-Name', serverName)
  // The rest of a body that was not read must not be taken for the next request.
  if (!response.req.readableEnded) response.setHeader('Connection', 'close')
  sendText(response, status, `${message}\n`)
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  const text = errorText(error)
  if (error instanceof BodyTooLarge) return new Refusal(413, 229, `${text}. (QUERY_IS_TOO_LARGE)`)
  if (error instanceof UnknownEncoding) return new Refusal(400, 89, `${text}. (UNKNOWN_COMPRESSION_METHOD)`)
  const errno = (error as { code?: unknown }).code
  if (errno === 'ENOSPC') return new Refusal(500, 243, `no space for the rows: ${text}. (NOT_ENOUGH_SPACE)`)
  if (typeof errno === 'string' && /^(Z_|ZSTD|ERR_(ZSTD|BROTLI|_ERROR))/.test(errno)) {
    return new Refusal(400, 354, `cannot inflate the request body: ${text}. (ZLIB_INFLATE_FAILED)`)
  }
  const code = codeOf(text)
  return new Refusal(statusOf(code), code, plainMessage(text))
}

/** The engine's text without the repeated prefix and the mention of our file, which the sender never saw. */
function plainMessage(text: string): string {
  return text
    .replace(/^(Code: \d+\. DB::Exception: )+/, '')
    .replace(/\n?: \(in file\/uri [^)]*\)/, '')
    .replace(/(: While executing \w+)*: data for INSERT was parsed from file/, '')
    .trim()
}
