import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { EngineMessage } from './main.ts'

export interface EngineProcess {
  readonly type: 'running'
  readonly child: ChildProcess
  readonly port: number
  /** What it wrote to standard error last. */
  lastErrors(): string
}

export type StartedProcess =
  | EngineProcess
  | { readonly type: 'failed'; readonly locked: boolean; readonly message: string }

export interface EngineProcessConfig {
  readonly dataDir: string
  readonly port: number
  readonly memoryBytesMax: number
  /** Empty: none. */
  readonly configFile: string
}

/** One libuv thread for every statement that may run at once (`running` in main.ts), and some for files and compression. */
const threads = 16
const errorChunksMax = 20
/** What one statement may take of the engine's memory. */
const statementShare = 0.5
const closeWithinMs = 10_000

/** Starts one process of main.ts and waits until it answers or is over. */
export function startEngineProcess(config: EngineProcessConfig): Promise<StartedProcess> {
  const { dataDir, port, memoryBytesMax, configFile } = config
  const options = {
    'data-dir': dataDir,
    port,
    'memory-bytes': memoryBytesMax,
    'statement-memory-bytes': Math.round(memoryBytesMax * statementShare),
    ...(configFile ? { 'config-file': configFile } : {}),
  }
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, UV_THREADPOOL_SIZE: String(threads), NODE_OPTIONS: '', TZ: 'UTC' },
  })
  const errors: string[] = []
  const lastErrors = () => errors.join('').trim()
  child.stderr?.on('data', (chunk) => {
    errors.push(String(chunk))
    if (errors.length > errorChunksMax) errors.shift()
  })
  let told = ''
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ type: 'failed', locked: false, message: error.message }))
    child.on('message', (message: EngineMessage) => {
      if (message.type === 'failed') told = message.message
      else resolve({ type: 'running', child, port: message.port, lastErrors })
    })
    // After `close` standard error is complete: the engine writes there why it cannot open a directory.
    child.once('close', (code, signal) => {
      const message = told || `its process ended with ${signal ?? code}`
      resolve({ type: 'failed', ...explain(config, message, lastErrors()) })
    })
  })
}

function explain({ dataDir }: EngineProcessConfig, message: string, errors: string) {
  if (/Code: 76\b.*Cannot lock file/.test(errors))
    return { locked: true, message: `another process uses the directory ${dataDir}` }
  if (/Code: 243\b|No space left on device/.test(message + errors))
    return { locked: false, message: `no space is left on the disk of ${dataDir}` }
  const cause = errors.split('\n').at(-1)
  return { locked: false, message: cause ? `${message}: ${cause}` : message }
}

export function endEngineProcess({ child }: EngineProcess): Promise<void> {
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
