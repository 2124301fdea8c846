import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')

export interface TestProcess {
  readonly pid: number
  readonly exited: Promise<number | null>
  /** Everything it wrote so far, both streams. */
  output(): string
  /** Signals the process alone and waits for its end. */
  kill(signal: NodeJS.Signals): Promise<number | null>
}

/** A service has any free ports where nothing else is told. */
const freePorts = { BINNACLE_OTLP_GRPC_PORT: '0', BINNACLE_OTLP_HTTP_PORT: '0' }

/** Starts a Node program of this repository as a real process. */
export const startNode = (args: readonly string[], env: Record<string, string> = {}): TestProcess =>
  startProcess(process.execPath, args, {
    ...(process.env as Record<string, string>),
    NODE_OPTIONS: '',
    VITEST: '',
    ...freePorts,
    ...env,
  })

/** With this environment and nothing else. */
export function startProcess(
  file: string,
  args: readonly string[],
  env: Record<string, string>,
): TestProcess {
  const child: ChildProcess = spawn(file, [...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env,
  })
  const chunks: string[] = []
  child.stdout?.on('data', (chunk) => chunks.push(String(chunk)))
  child.stderr?.on('data', (chunk) => chunks.push(String(chunk)))
  const exited = new Promise<number | null>((done) => child.once('exit', (code) => done(code)))
  return {
    pid: child.pid ?? 0,
    exited,
    output: () => chunks.join(''),
    kill(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      return exited
    },
  }
}

export const startCli = (...args: string[]): TestProcess => startNode(['collector/cli/main.ts', ...args])

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer()
    server.once('error', fail)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        address && typeof address === 'object' ? done(address.port) : fail(new Error('no port')),
      )
    })
  })
}

/** Polls until the check gives something other than undefined; fails with the last error and the hint after the deadline. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined> | T | undefined,
  { withinMs = 30_000, everyMs = 50, hint = (): string => '' } = {},
): Promise<T> {
  const deadline = Date.now() + withinMs
  let last: unknown
  for (;;) {
    try {
      const value = await check()
      if (value !== undefined) return value
    } catch (error) {
      last = error
    }
    if (Date.now() > deadline) {
      throw new Error(`${what}: not within ${withinMs} ms${last ? ` (${String(last)})` : ''}\n${hint()}`)
    }
    await new Promise((done) => setTimeout(done, everyMs))
  }
}

export interface TempDirectory {
  readonly path: string
  remove(): void
}

export function tempDirectory(name: string): TempDirectory {
  const path = mkdtempSync(join(tmpdir(), `binnacle-${name}-`))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
