/**
 * The embedded ClickHouse: the engine as a library (npm chdb) in a process of its own, behind ClickHouse's HTTP protocol on
 * loopback. Started by `supervise.ts` with an IPC channel; ends when the channel closes, so that it never outlives its parent.
 *
 * Messages to the parent: `{ type: 'ready', port }` or `{ type: 'failed', reason, message }`.
 * Limits: statements running and waiting per lane (503 beyond), bytes of a body (413 beyond), memory of a statement and of
 * the engine (code 241 beyond).
 */
import { accessSync, constants, mkdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { errorText } from '../std/assert.ts'
import { type Engine, openEngine } from './engine.ts'
import { createHandler } from './handler.ts'
import { createLanes } from './lanes.ts'

/** Statements running at once: each takes a libuv thread, see `threads` in supervise.ts. */
const running = { insert: 2, read: 6, change: 2, control: 1 }
const waitingMax = 200
const bodyBytesMax = 256 * 1024 ** 2
/** Of the URL and headers: queries and their parameters may travel in the URL. */
const headerBytesMax = 1024 ** 2
/** How long statements that write may take to end at a shutdown; what is not acknowledged then is sent again. */
const stopWithinMs = 5_000

export type EngineMessage =
  | { readonly type: 'ready'; readonly port: number }
  | { readonly type: 'failed'; readonly reason: 'port' | 'directory' | 'engine'; readonly message: string }

const { values } = parseArgs({
  options: {
    'data-dir': { type: 'string', default: '.' },
    port: { type: 'string', default: '0' },
    'memory-bytes': { type: 'string', default: String(2 * 1024 ** 3) },
    'statement-memory-bytes': { type: 'string', default: String(1024 ** 3) },
    'config-file': { type: 'string', default: '' },
  },
})

// The terminal's Ctrl-C reaches the whole group: while a parent is there, it decides when the engine ends.
process.on('SIGINT', () => {
  if (!process.connected) stop()
})
process.on('SIGTERM', stop)
// The parent is gone: nobody waits for an answer, and the next instance waits for the directory. What was acknowledged is kept.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))

const dataDir = resolve(values['data-dir'])
const engine = open()
const spillDir = emptySpillDir()
const handler = createHandler({ engine, lanes: createLanes(running, waitingMax), spillDir, bodyBytesMax })
const server = createServer(
  // A sender may take its time over a body, and a query over its answer.
  { requestTimeout: 0, keepAliveTimeout: 60_000, maxHeaderSize: headerBytesMax },
  (request, response) => void handler.handle(request, response),
)
server.once('error', (error) =>
  fail('port', `cannot listen on 127.0.0.1:${values.port}: ${errorText(error)}`),
)
server.listen(Number(values.port), '127.0.0.1', () => {
  const address = server.address()
  tell({ type: 'ready', port: address && typeof address === 'object' ? address.port : 0 })
})

function open(): Engine {
  try {
    mkdirSync(dataDir, { recursive: true })
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    fail('directory', `cannot write to the directory ${dataDir}: ${errorText(error)}`)
  }
  try {
    return openEngine({
      dataDir,
      memoryBytesMax: Number(values['memory-bytes']),
      statementMemoryBytesMax: Number(values['statement-memory-bytes']),
      configFile: values['config-file'],
    })
  } catch (error) {
    // The engine writes the cause to standard error, where the parent finds it.
    fail('engine', `cannot open the database in ${dataDir}: ${errorText(error)}`)
  }
}

/**
 * Rows wait in a file for as long as their insert runs: it is deleted long before the kernel would write it to the disk
 * (measured against tmpfs: no difference beyond noise). What a killed process left is removed.
 */
function emptySpillDir(): string {
  const path = join(dataDir, 'spill')
  rmSync(path, { recursive: true, force: true })
  mkdirSync(path, { mode: 0o700 })
  return path
}

function tell(message: EngineMessage): void {
  if (process.send) process.send(message)
  else process.stdout.write(`${JSON.stringify(message)}\n`)
}

function fail(reason: Extract<EngineMessage, { type: 'failed' }>['reason'], message: string): never {
  tell({ type: 'failed', reason, message })
  process.exit(1)
}

let stopping = false
function stop(): void {
  if (stopping) return
  stopping = true
  // Destroying an engine that still works can hang; killing it loses nothing that was acknowledged.
  setTimeout(() => end(() => process.kill(process.pid, 'SIGKILL')), stopWithinMs).unref()
  handler.stop()
  server.close(() =>
    end(() => {
      engine.close()
      process.exit(0)
    }),
  )
  // A connection whose answer is sent becomes idle only now.
  setInterval(() => server.closeIdleConnections(), 20).unref()
}

function end(last: () => void): void {
  rmSync(spillDir, { recursive: true, force: true })
  last()
}
