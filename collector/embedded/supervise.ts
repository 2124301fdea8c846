import { type ChildProcess, spawn } from 'node:child_process'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { createBackoff } from '../std/backoff.ts'
import { systemClock } from '../std/clock.ts'
import type { Log } from '../std/log.ts'
import type { EngineMessage } from './main.ts'

export interface EmbeddedConfig {
  readonly dataDir: string
  /** Port on 127.0.0.1; 0 or absent: any free one, kept across restarts. */
  readonly port?: number
  /** Memory of the engine; a quarter of the machine's when absent. One statement may take half of it. */
  readonly memoryBytesMax?: number
  readonly log: Log
}

export interface Embedded {
  readonly url: string
  /** How often the engine ended by itself and was started again. */
  restarts(): number
  /** The engine's process, for tests that end it. */
  pid(): number
  close(): Promise<void>
}

/** A previous instance may still be closing its files. */
const lockedForMs = 10_000
const closeWithinMs = 10_000
/** One libuv thread for every statement that may run at once (`running` in main.ts), and some for files and compression. */
const threads = 16
const memoryShare = 0.25
const memoryBytesMin = 1024 ** 3
/** A process that ran this long is not in a crash loop. */
const stableAfterMs = 60_000
const errorLinesMax = 20

/** The constraint of a process without one is an absurdly large number. */
const machineBytes = () => Math.min(process.constrainedMemory() || totalmem(), totalmem())
const defaultMemoryBytes = () =>
  Math.min(machineBytes(), Math.max(memoryBytesMin, Math.round(machineBytes() * memoryShare)))

/**
 * Runs the engine's process and starts it again, on the same port, when it ends by itself.
 * Rejects with one sentence when it cannot start at all: directory locked or not writable, port taken.
 */
export async function startEmbedded({
  dataDir,
  port = 0,
  memoryBytesMax = defaultMemoryBytes(),
  log,
}: EmbeddedConfig): Promise<Embedded> {
  const closing = new AbortController()
  let restarts = 0
  let restarting: Promise<void> | undefined
  let current = await startUnlocked(port)
  const backoff = createBackoff({ firstMs: 200, maxMs: 10_000 })
  watch(current)

  async function startUnlocked(atPort: number): Promise<Engine> {
    const deadline = systemClock.monotonicMs() + lockedForMs
    for (;;) {
      const started = await startEngine({ dataDir, port: atPort, memoryBytesMax })
      if (started.type === 'running') return started
      if (started.reason !== 'locked' || closing.signal.aborted || systemClock.monotonicMs() > deadline) {
        throw new Error(`cannot start the embedded ClickHouse: ${started.message}`)
      }
      await systemClock.sleep(250)
    }
  }

  function watch(engine: Engine): void {
    const startedAt = systemClock.monotonicMs()
    engine.child.once('exit', (code, signal) => {
      if (closing.signal.aborted) return
      restarts++
      if (systemClock.monotonicMs() - startedAt > stableAfterMs) backoff.reset()
      const afterMs = backoff.nextMs()
      log.warn(
        { code, signal, afterMs, restarts, stderr: engine.lastErrors() },
        'the embedded ClickHouse ended by itself and is started again',
      )
      restarting = restart(afterMs)
    })
  }

  async function restart(afterMs: number): Promise<void> {
    await systemClock.sleep(afterMs, closing.signal)
    if (closing.signal.aborted) return
    try {
      current = await startUnlocked(current.port)
      watch(current)
    } catch (error) {
      log.error({ err: error }, 'the embedded ClickHouse cannot be started again yet')
      return restart(backoff.nextMs())
    }
  }

  return {
    url: `http://127.0.0.1:${current.port}`,
    restarts: () => restarts,
    pid: () => current.child.pid ?? 0,
    async close() {
      closing.abort()
      await restarting
      await endProcess(current.child)
    },
  }
}

interface Engine {
  readonly type: 'running'
  readonly child: ChildProcess
  readonly port: number
  /** What the process wrote to standard error last. */
  lastErrors(): string
}
type Started = Engine | { readonly type: 'failed'; readonly reason: string; readonly message: string }

function startEngine(config: {
  readonly dataDir: string
  readonly port: number
  readonly memoryBytesMax: number
}): Promise<Started> {
  const args = [
    join(import.meta.dirname, 'main.ts'),
    '--data-dir',
    config.dataDir,
    '--port',
    String(config.port),
    '--memory-bytes',
    String(config.memoryBytesMax),
    '--statement-memory-bytes',
    String(Math.round(config.memoryBytesMax / 2)),
  ]
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, UV_THREADPOOL_SIZE: String(threads), NODE_OPTIONS: '', TZ: 'UTC' },
  })
  const errors: string[] = []
  const lastErrors = () => errors.join('').trim()
  child.stderr?.on('data', (chunk) => {
    errors.push(String(chunk))
    if (errors.length > errorLinesMax) errors.shift()
  })
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ type: 'failed', reason: 'spawn', message: error.message }))
    child.once('exit', (code, signal) =>
      resolve({
        type: 'failed',
        reason: 'exit',
        message: `its process ended with ${signal ?? code}: ${lastErrors().split('\n').at(-1)}`,
      }),
    )
    child.on('message', (message: EngineMessage) =>
      resolve(
        message.type === 'ready' ? { type: 'running', child, port: message.port, lastErrors } : message,
      ),
    )
  })
}

function endProcess(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    const timer = setTimeout(() => child.kill('SIGKILL'), closeWithinMs)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    child.kill('SIGTERM')
  })
}
