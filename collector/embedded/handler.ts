import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip, zstdCompress } from 'node:zlib'
import { errorText } from '../std/assert.ts'
import { BodyTooLarge, readBody, spillBody, UnknownEncoding } from './body.ts'
import type { Connection, Result } from './connection.ts'
import type { Lanes } from './lanes.ts'
import { codeOf, contentTypeOf, type Parameters, readParameters, statusOf } from './protocol.ts'
import { quote, readStatement, type Statement } from './statement.ts'

export interface HandlerDeps {
  readonly lanes: Lanes<Connection>
  /** Where request bodies of inserts are put for the engine to read: on tmpfs when there is one. */
  readonly spillDir: string
  /** Inflated bytes of one request body. */
  readonly bodyBytesMax: number
  readonly serverName: string
}

/** An answer that is not a result: written in ClickHouse's form, `Code: N. DB::Exception: …`. */
class Refusal extends Error {
  readonly status: number
  readonly code: number
  constructor(status: number, code: number, text: string) {
    super(`Code: ${code}. DB::Exception: ${text}`)
    this.status = status
    this.code = code
  }
}

/** Answers requests of ClickHouse's HTTP protocol. */
export function createHandler(
  deps: HandlerDeps,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    try {
      if (url.pathname === '/ping' || url.pathname === '/replicas_status')
        return sendText(response, 200, 'Ok.\n')
      if (url.pathname !== '/') throw new Refusal(404, 1000, `There is no handle ${url.pathname}`)
      if (request.method !== 'GET' && request.method !== 'POST') {
        throw new Refusal(501, 48, `Method ${request.method} is not supported`)
      }
      if (request.method === 'GET' && !url.searchParams.has('query')) return sendText(response, 200, 'Ok.\n')
      await answer(deps, request, response, readParameters(url, request.headers))
    } catch (error) {
      sendError(deps, response, error)
    }
  }
}

async function answer(
  deps: HandlerDeps,
  request: IncomingMessage,
  response: ServerResponse,
  parameters: Parameters,
): Promise<void> {
  if (parameters.sessionId) throw new Refusal(501, 48, 'Sessions are not supported by the embedded engine')
  const startedAt = performance.now()
  const prepared = await prepare(deps, request, parameters)
  try {
    const result = await execute(deps, response, prepared, parameters)
    if (response.destroyed) return
    const elapsedNs = Math.round((performance.now() - startedAt) * 1e6)
    await sendResult({ deps, request, response, parameters, prepared, result, elapsedNs })
  } finally {
    await prepared.remove()
  }
}

interface Prepared {
  readonly sql: string
  readonly lane: 'insert' | 'read'
  readonly readOnly: boolean
  readonly format: string
  readonly bytes: number
  remove(): Promise<void>
}

/** Takes the statement from the URL or the body, and the data of an INSERT into a file that the engine can read. */
async function prepare(
  deps: HandlerDeps,
  request: IncomingMessage,
  parameters: Parameters,
): Promise<Prepared> {
  const inUrl = readStatement(parameters.query)
  if (inUrl.type === 'insert-data') {
    const first = Buffer.from(parameters.query.slice(inUrl.dataAt))
    return prepareInsert(deps, inUrl, first, request)
  }
  const body = request.method === 'POST' ? await readBody(request, deps.bodyBytesMax) : Buffer.alloc(0)
  const sql = parameters.query ? `${parameters.query}\n${body.toString()}` : body.toString('utf8')
  const statement = parameters.query && body.length === 0 ? inUrl : readStatement(sql)
  switch (statement.type) {
    case 'empty':
      throw new Refusal(400, 62, 'Empty query. (SYNTAX_ERROR)')
    case 'multiple':
      throw new Refusal(400, 62, 'Syntax error (Multi-statements are not allowed). (SYNTAX_ERROR)')
    case 'insert-data':
      // Data may be binary: cut it from the bytes, not from the decoded text.
      return prepareInsert(
        deps,
        statement,
        body.subarray(Buffer.byteLength(sql.slice(0, statement.dataAt))),
        undefined,
      )
    case 'query':
      return {
        sql,
        lane: statement.readOnly ? 'read' : 'insert',
        readOnly: statement.readOnly,
        format: statement.format ?? parameters.defaultFormat,
        bytes: 0,
        remove: async () => {},
      }
  }
}

async function prepareInsert(
  deps: HandlerDeps,
  statement: Extract<Statement, { type: 'insert-data' }>,
  first: Uint8Array,
  request: IncomingMessage | undefined,
): Promise<Prepared> {
  const path = join(deps.spillDir, randomUUID())
  const spilled = await spillBody({ path, first, request, bytesMax: deps.bodyBytesMax })
  // The engine embedded as a library parses inline data only of text formats; from a file it parses every format.
  const sql = `${withoutTrailingSettings(statement.head)} FROM INFILE ${quote(spilled.path)} COMPRESSION 'none' ${settingsClause(statement.head)} FORMAT ${statement.format}`
  return {
    sql,
    lane: 'insert',
    readOnly: false,
    format: 'Null',
    bytes: spilled.bytes,
    remove: spilled.remove,
  }
}

const settingsPattern = /\bSETTINGS\s+[\s\S]*$/i
const withoutTrailingSettings = (head: string) => head.replace(settingsPattern, '')
const settingsClause = (head: string) => settingsPattern.exec(head)?.[0] ?? ''

async function execute(
  { lanes }: HandlerDeps,
  response: ServerResponse,
  prepared: Prepared,
  parameters: Parameters,
): Promise<Result> {
  const marker = parameters.queryId
  let running = false
  const cancel = () => {
    // A closed connection ends its query, as ClickHouse does for queries that only read.
    if (running && !response.writableEnded && prepared.readOnly) {
      void lanes.use('control', (connection) => connection.kill(marker))?.catch(() => {})
    }
  }
  response.once('close', cancel)
  const work = lanes.use(prepared.lane, (connection) => {
    if (response.destroyed)
      throw new Refusal(499, 394, 'The client closed the connection. (QUERY_WAS_CANCELLED)')
    running = true
    return connection.run(prepared.sql, {
      database: parameters.database,
      format: prepared.format,
      marker,
      settings: parameters.settings,
      queryParameters: parameters.queryParameters,
    })
  })
  if (!work)
    throw new Refusal(
      503,
      202,
      'Too many simultaneous queries: the queue is full. (TOO_MANY_SIMULTANEOUS_QUERIES)',
    )
  return work.finally(() => {
    running = false
    response.off('close', cancel)
  })
}

interface Sending {
  readonly deps: HandlerDeps
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly parameters: Parameters
  readonly prepared: Prepared
  readonly result: Result
  readonly elapsedNs: number
}

async function sendResult({
  deps,
  request,
  response,
  parameters,
  prepared,
  result,
  elapsedNs,
}: Sending): Promise<void> {
  const inserted = prepared.lane === 'insert'
  const summary = {
    read_rows: String(inserted ? 0 : result.rows),
    read_bytes: String(inserted ? prepared.bytes : result.bytesRead),
    written_rows: String(inserted ? result.rows : 0),
    written_bytes: String(prepared.bytes),
    total_rows_to_read: '0',
    result_rows: String(inserted ? result.rows : 0),
    result_bytes: String(result.bytes.length),
    elapsed_ns: String(elapsedNs),
  }
  response.setHeader('X-ClickHouse-Summary', JSON.stringify(summary))
  response.setHeader('X-ClickHouse-Query-Id', parameters.queryId)
  response.setHeader('X-ClickHouse-Format', prepared.format)
  response.setHeader('X-ClickHouse-Timezone', 'UTC')
  response.setHeader('X-ClickHouse-Server-Display-Name', deps.serverName)
  response.setHeader('Content-Type', contentTypeOf(prepared.format))
  response.end(await compressed(request, response, parameters, result.bytes))
}

async function compressed(
  request: IncomingMessage,
  response: ServerResponse,
  { compressResponse }: Parameters,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const accepted = String(request.headers['accept-encoding'] ?? '')
  if (!compressResponse || bytes.length === 0) return bytes
  for (const [name, compress] of compressors) {
    if (!accepted.includes(name)) continue
    response.setHeader('Content-Encoding', name)
    return compress(bytes)
  }
  return bytes
}

const compressors: readonly (readonly [string, (bytes: Uint8Array) => Promise<Buffer>])[] = [
  ['gzip', promisify<Uint8Array, Buffer>((bytes, done) => gzip(bytes, { level: 1 }, done))],
  ['zstd', promisify<Uint8Array, Buffer>((bytes, done) => zstdCompress(bytes, done))],
]

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=UTF-8' }).end(text)
}

function sendError(deps: HandlerDeps, response: ServerResponse, error: unknown): void {
  if (response.destroyed || response.headersSent) return
  const { status, code, text } = describe(error)
  response.setHeader('X-ClickHouse-Exception-Code', String(code))
  response.setHeader('X-ClickHouse-Server-Display-Name', deps.serverName)
  // The rest of a body that was not read must not be taken for the next request.
  if (!response.req.readableEnded) response.setHeader('Connection', 'close')
  sendText(response, status, `${text}\n`)
}

function describe(error: unknown): { readonly status: number; readonly code: number; readonly text: string } {
  if (error instanceof Refusal) return { status: error.status, code: error.code, text: error.message }
  const text = errorText(error)
  if (error instanceof BodyTooLarge)
    return { status: 413, code: 308, text: `Code: 308. DB::Exception: ${text}` }
  if (error instanceof UnknownEncoding)
    return { status: 400, code: 1000, text: `Code: 1000. DB::Exception: ${text}` }
  if (/^(incorrect header check|unexpected end of file|invalid )/.test(text)) {
    return {
      status: 400,
      code: 354,
      text: `Code: 354. DB::Exception: Cannot inflate the request body: ${text}`,
    }
  }
  const code = codeOf(text)
  return { status: statusOf(code), code, text }
}
