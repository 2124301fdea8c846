import { totalmem } from 'node:os'
import { createBackoff } from '../std/backoff.ts'
import { systemClock } from '../std/clock.ts'
import type { Log } from '../std/log.ts'
import { type EngineProcess, endEngineProcess, startEngineProcess } from './engine-process.ts'

export interface EmbeddedConfig {
  readonly dataDir: string
  /** Port on 127.0.0.1; 0 or absent: any free one, kept across restarts. */
  readonly port?: number
  /** Memory of the engine; a quarter of the machine's when absent. One statement may take half of it. */
  readonly memoryBytesMax?: number
  /** More configuration of the engine, as a file of ClickHouse's. */
  readonly configFile?: string
  /** How long to wait for another process to leave the directory: a previous instance may still be closing its files. */
  readonly lockedForMs?: number
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

const lockRetryMs = 250
const memoryShare = 0.25
const memoryBytesMin = 1024 ** 3
/** A process that ran this long is not in a crash loop. */
const stableAfterMs = 60_000

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
  lockedForMs = 30_000,
  configFile = '',
  log,
}: EmbeddedConfig): Promise<Embedded> {
  const closing = new AbortController()
  let restarts = 0
  let restarting: Promise<void> | undefined
  let current = await startUnlocked(port)
  const backoff = createBackoff({ firstMs: 200, maxMs: 10_000 })
  watch(current)

  async function startUnlocked(atPort: number): Promise<EngineProcess> {
    const deadline = systemClock.monotonicMs() + lockedForMs
    for (;;) {
      const started = await startEngineProcess({ dataDir, port: atPort, memoryBytesMax, configFile })
      if (started.type === 'running') return started
      if (!started.locked || closing.signal.aborted || systemClock.monotonicMs() > deadline) {
        throw new Error(`cannot start the embedded ClickHouse: ${started.message}`)
      }
      await systemClock.sleep(lockRetryMs, closing.signal)
    }
  }

  function watch(engine: EngineProcess): void {
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
      await endEngineProcess(current)
    },
  }
}
