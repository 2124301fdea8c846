/**
 * The embedded ClickHouse: the engine as a library (npm chdb) in a process of its own, behind ClickHouse's HTTP protocol on
 * loopback. Started by `supervise.ts` with an IPC channel; ends when the channel closes, so that it never outlives its parent.
 *
 * Messages to the parent: `{ type: 'ready', port }` or `{ type: 'failed', reason, message }`.
 * Limits: connections per lane, waiting statements per lane (503 beyond), body bytes (413 beyond).
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { errorText } from '../std/assert.ts'
import { openConnection } from './connection.ts'
import { createHandler } from './handler.ts'
import { createLanes } from './lanes.ts'

const insertConnections = 2
const readConnections = 4
const waitingMax = 200
const bodyBytesMax = 256 * 1024 ** 2

export type EngineMessage =
  | { readonly type: 'ready'; readonly port: number }
  | { readonly type: 'failed'; readonly reason: 'locked' | 'port' | 'directory'; readonly message: string }

const { values } = parseArgs({
  options: {
    'data-dir': { type: 'string' },
    port: { type: 'string', default: '0' },
    'memory-bytes': { type: 'string' },
  },
})

// The terminal's Ctrl-C reaches the whole group: while a parent is there, it decides when the engine ends.
process.on('SIGINT', () => {
  if (!process.connected) stop()
})
process.on('SIGTERM', stop)
process.on('disconnect', stop)

const dataDir = resolve(values['data-dir'] ?? '.')
const spillDir = join(existsSync('/dev/shm') ? '/dev/shm' : dataDir, `binnacle-spill-${process.pid}`)
const connections = openAll()
const lanes = createLanes([
  { name: 'insert', connections: connections.slice(0, insertConnections), waitingMax },
  {
    name: 'read',
    connections: connections.slice(insertConnections, insertConnections + readConnections),
    waitingMax,
  },
  { name: 'control', connections: connections.slice(-1), waitingMax },
])
const handle = createHandler({ lanes, spillDir, bodyBytesMax, serverName: 'binnacle-embedded' })
const server = createServer((request, response) => void handle(request, response))
server.requestTimeout = 0
server.keepAliveTimeout = 60_000
server.once('error', (error) =>
  fail('port', `cannot listen on 127.0.0.1:${values.port}: ${errorText(error)}`),
)
server.listen(Number(values.port), '127.0.0.1', () => {
  const address = server.address()
  tell({ type: 'ready', port: address && typeof address === 'object' ? address.port : 0 })
})

function openAll() {
  try {
    mkdirSync(dataDir, { recursive: true })
    mkdirSync(spillDir, { recursive: true, mode: 0o700 })
    const memoryBytes = Number(values['memory-bytes'] ?? 2 * 1024 ** 3)
    const connectionArgs = [
      `--max_memory_usage=${memoryBytes}`,
      '--max_threads=2',
      '--async_insert=0',
      '--enable_analyzer=1',
      '--log_queries=0',
      '--log_query_threads=0',
    ]
    return Array.from({ length: insertConnections + readConnections + 1 }, () =>
      openConnection(dataDir, connectionArgs),
    )
  } catch (error) {
    const text = errorText(error)
    const locked = /Code: 76\b|lock/i.test(text)
    return fail(
      locked ? 'locked' : 'directory',
      locked
        ? `another process uses the directory ${dataDir}`
        : `cannot open the database in ${dataDir}: ${text}`,
    )
  }
}

function tell(message: EngineMessage): void {
  if (process.send) process.send(message)
  else process.stdout.write(`${JSON.stringify(message)}\n`)
}

function fail(reason: 'locked' | 'port' | 'directory', message: string): never {
  tell({ type: 'failed', reason, message })
  process.exit(1)
}

let stopping = false
function stop(): void {
  if (stopping) return
  stopping = true
  const end = () => {
    for (const connection of connections) connection.close()
    rmSync(spillDir, { recursive: true, force: true })
    process.exit(0)
  }
  server.close(end)
  server.closeIdleConnections()
  setTimeout(end, 5_000).unref()
}
