import { promisify } from 'node:util'
import { constants, gzip, zstdCompress, zstdDecompress } from 'node:zlib'
import { type Dispatcher, request } from 'undici'
import type { OtlpSignal } from '../../record/otlp.ts'
import { errorText } from '../../std/assert.ts'
import { readPartialSuccess, readStatusMessage } from './response.ts'
import { tlsProblem } from './tls-error.ts'

/** One OTLP/HTTP request to the service. */
export interface PostRequest {
  readonly id: string
  readonly signal: OtlpSignal
  readonly body: ShipBody
  /** It may have been stored already. */
  readonly resend: boolean
}

export interface ShipBody {
  readonly bytes: Uint8Array
  readonly compression: 'identity' | 'zstd'
}

export type PostOutcome =
  | { readonly type: 'accepted'; readonly rejected: number; readonly message: string }
  /** Trying again can help; `unreachable` costs nobody anything and is tried more often. */
  | {
      readonly type: 'retry'
      readonly cause: 'unreachable' | 'busy' | 'unauthorized' | 'misrouted'
      readonly afterMs?: number
      readonly message: string
    }
  /** The service will never take these bytes. */
  | { readonly type: 'refused'; readonly message: string }

export type Post = (one: PostRequest, signal: AbortSignal) => Promise<PostOutcome>

export interface PostConfig {
  /** Base address; `/v1/<signal>` is appended. */
  readonly endpoint: string
  readonly timeoutMs: number
  /** `zstd`: where the other end takes it, else gzip. */
  readonly compression: Compression
}

export type Compression = 'zstd' | 'gzip' | 'none'

const responseBytesMax = 64 * 1024
/** Speed matters more than size between pods. zstd is half the work of gzip here, for two thirds of its bytes. */
const gzipLevel = constants.Z_BEST_SPEED
/** Output comes in pieces of this size: few, and not much more than there is, or memory outside of the heap makes V8 collect. */
const chunkSize = (bytes: number) => Math.min(256 * 1024, Math.max(1024, Math.ceil(bytes)))
/** Of zstd, which is not the best of our records. */
const inflatedRatio = 10
const toGzip = promisify(gzip)
const toZstd = promisify(zstdCompress)
const fromZstd = promisify(zstdDecompress)

export interface PostDeps {
  readonly dispatcher: Dispatcher
  /** More of them, such as a key; asked for every request, so that a rotated key is picked up. */
  readonly headers: () => Promise<Record<string, string>>
  /** The length of a body, as it was encoded, that was sent and answered, whatever the answer. */
  readonly onSent: (bytes: number) => void
}

export function createPost({ dispatcher, headers, onSent }: PostDeps, config: PostConfig): Post {
  const base = config.endpoint.replace(/\/+$/, '')
  const secure = base.startsWith('https:')
  /** Every OTLP receiver takes gzip; one that takes zstd says so in its answers (RFC 9110, 12.5.3). */
  let takesZstd = false

  async function attempt(one: PostRequest, signal: AbortSignal): Promise<PostOutcome> {
    const encoding = config.compression === 'zstd' && !takesZstd ? 'gzip' : config.compression
    const bytes = await encoded(one.body, encoding)
    const response = await request(`${base}/v1/${one.signal}`, {
      method: 'POST',
      headers: { ...headersOf(one, encoding), ...(await headers()) },
      body: bytes,
      dispatcher,
      signal,
    })
    onSent(bytes.length)
    const body = await readLimited(response.body)
    takesZstd = accepts(response.headers['accept-encoding'], 'zstd')
    // Another back end answers now at the same address.
    if (response.statusCode === 415 && encoding === 'zstd' && !takesZstd) return attempt(one, signal)
    return classify(response, body)
  }

  return async (one, signal) => {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(config.timeoutMs)])
    try {
      return await attempt(one, deadline)
    } catch (error) {
      const late = deadline.aborted && !signal.aborted
      return late
        ? { type: 'retry', cause: 'busy', message: `no answer within ${config.timeoutMs} ms` }
        : { type: 'retry', cause: 'unreachable', message: describe(error, secure) }
    }
  }
}

async function encoded({ bytes, compression }: ShipBody, encoding: Compression): Promise<Uint8Array> {
  if (encoding === compression) return bytes
  if (encoding === 'zstd') return toZstd(bytes, { chunkSize: chunkSize(bytes.length) })
  const plain =
    compression === 'zstd'
      ? await fromZstd(bytes, { chunkSize: chunkSize(bytes.length * inflatedRatio) })
      : bytes
  return encoding === 'none'
    ? plain
    : toGzip(plain, { level: gzipLevel, chunkSize: chunkSize(plain.length / 2) })
}

function accepts(header: string | string[] | undefined, encoding: string): boolean {
  return String(header ?? '')
    .split(',')
    .some((one) => one.trim().toLowerCase() === encoding)
}

function headersOf(one: PostRequest, encoding: Compression): Record<string, string> {
  return {
    'content-type': 'application/x-protobuf',
    ...(encoding === 'none' ? {} : { 'content-encoding': encoding }),
    'binnacle-batch-id': one.id,
    ...(one.resend ? { 'binnacle-batch-resend': '1' } : {}),
  }
}

function classify(response: Dispatcher.ResponseData, body: Buffer): PostOutcome {
  const { statusCode: status } = response
  if (status >= 200 && status < 300) return { type: 'accepted', ...readPartialSuccess(body) }
  const type = String(response.headers['content-type'] ?? '')
  const message = `the service answered ${status} ${readStatusMessage(body, type)}`.trim()
  const afterMs = retryAfterMs(response.headers['retry-after'])
  const retry = (cause: 'busy' | 'unauthorized' | 'misrouted'): PostOutcome =>
    afterMs === undefined ? { type: 'retry', cause, message } : { type: 'retry', cause, message, afterMs }
  if (status === 401 || status === 403) return retry('unauthorized')
  // These speak of the way to the service (a wrong endpoint, a proxy in between), not of the data.
  if ([404, 405, 407, 421].includes(status) || (status >= 300 && status < 400)) return retry('misrouted')
  if ([408, 425, 429].includes(status) || status >= 500) return retry('busy')
  return { type: 'refused', message }
}

/** Seconds or an HTTP date. */
function retryAfterMs(header: string | string[] | undefined): number | undefined {
  const text = Array.isArray(header) ? header[0] : header
  if (text === undefined || text === '') return undefined
  const seconds = Number(text)
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(text) - Date.now()
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}

async function readLimited(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > responseBytesMax) break
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** An AggregateError of several addresses has no message of its own. */
function describe(error: unknown, secure: boolean): string {
  const problem = secure ? tlsProblem(error) : undefined
  if (problem !== undefined) return problem
  if (error instanceof AggregateError && error.message === '') return error.errors.map(errorText).join(', ')
  return errorText(error)
}
