/**
 * The baseline as a server: gunzip, generated protobuf code, an object a span, JSONEachRow through @clickhouse/client into
 * a table with the columns, order and codecs of `spans`. It commits in groups as the product does, on the same engine, so
 * that what differs is the way from bytes to rows.
 */
import { mkdirSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { parseArgs, promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { startEmbedded } from '../../../collector/embedded/supervise.ts'
import { createStore } from '../../../collector/service/store/create-store.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { type NaiveRow, naiveRows } from './naive-decode.ts'

const { values } = parseArgs({ options: { 'data-dir': { type: 'string', default: '.' } } })
const blockRows = 50_000
const blockAgeMs = 100
const bodyBytesMax = 64 * 1024 ** 2
const gunzipAsync = promisify(gunzip)

mkdirSync(values['data-dir'], { recursive: true })
const embedded = await startEmbedded({ dataDir: values['data-dir'], log: silentLog })
const store = createStore({ url: embedded.url, database: 'binnacle' })
await store.migrate()
await createInputTable()

/**
 * JSON carries text only, so that ids come as hex and times as numbers; a view on a table without storage turns them into
 * what `spans` holds.
 */
async function createInputTable(): Promise<void> {
  const run = (query: string) => store.client.command({ query })
  const binary = ['trace_id', 'span_id', 'parent_span_id']
  await run(`CREATE TABLE spans_json ENGINE = Null AS
    SELECT * REPLACE (
      ${binary.map((name) => `'' AS ${name}`).join(', ')}, toInt64(0) AS start_time, toInt64(0) AS received_at,
      CAST([], 'Array(Int64)') AS events_time, CAST([], 'Array(String)') AS links_trace_id, CAST([], 'Array(String)') AS links_span_id
    ) FROM spans LIMIT 0`)
  await run(`CREATE MATERIALIZED VIEW spans_json_view TO spans AS SELECT * REPLACE (
      toFixedString(unhex(trace_id), 16) AS trace_id, toFixedString(unhex(span_id), 8) AS span_id,
      toFixedString(unhex(parent_span_id), 8) AS parent_span_id,
      fromUnixTimestamp64Nano(start_time, 'UTC') AS start_time, fromUnixTimestamp64Milli(received_at, 'UTC') AS received_at,
      arrayMap(t -> fromUnixTimestamp64Nano(t, 'UTC'), events_time) AS events_time,
      arrayMap(id -> toFixedString(unhex(id), 16), links_trace_id) AS links_trace_id,
      arrayMap(id -> toFixedString(unhex(id), 8), links_span_id) AS links_span_id
    ) FROM spans_json`)
}

let open: { rows: NaiveRow[]; answer: (error: unknown) => void }[] = []
let running = false

async function commitAll(): Promise<void> {
  running = true
  while (open.length > 0) {
    if (open.reduce((sum, { rows }) => sum + rows.length, 0) < blockRows)
      await new Promise((resolve) => setTimeout(resolve, blockAgeMs))
    const block = open
    open = []
    try {
      await store.client.insert({
        table: 'spans_json',
        values: block.flatMap(({ rows }) => rows),
        format: 'JSONEachRow',
      })
      for (const { answer } of block) answer(undefined)
    } catch (error) {
      for (const { answer } of block) answer(error)
    }
  }
  running = false
}

function commit(rows: NaiveRow[]): Promise<unknown> {
  return new Promise((resolve) => {
    open.push({ rows, answer: resolve })
    if (!running) void commitAll()
  })
}

const server = createServer({ requestTimeout: 0 }, async (request, response) => {
  try {
    const body = await gunzipAsync(await read(request), { maxOutputLength: bodyBytesMax })
    const error = await commit(naiveRows(body, Date.now()))
    if (error) throw error
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
  } catch (error) {
    process.stderr.write(`naive: ${String(error)}\n`)
    response.writeHead(500).end()
  }
})

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  const port = address && typeof address === 'object' ? address.port : 0
  const ready = { msg: 'the service is ready', url: `http://127.0.0.1:${port}`, clickhouse: embedded.url }
  process.stdout.write(`${JSON.stringify(ready)}\n`)
})

process.on('SIGTERM', () => void stop())
process.on('disconnect', () => void stop())

async function stop(): Promise<void> {
  server.close()
  server.closeAllConnections()
  await store.close()
  await embedded.close()
  process.exit(0)
}
