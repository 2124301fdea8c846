import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'

export interface ChildConfig {
  readonly name: string
  /** Arguments of the Node runtime: the program and its own arguments. */
  readonly args: readonly string[]
  readonly env?: Record<string, string>
  /** Both output streams are kept here. */
  readonly logFile: string
  /** Called for each line of standard output. */
  readonly onLine?: (line: string) => void
}

export interface Child {
  readonly name: string
  readonly pid: number
  readonly logFile: string
  /** Resolves when the process is gone, with what to tell about it. */
  readonly exited: Promise<string>
  /** SIGTERM, then SIGKILL after `graceMs`. */
  stop(graceMs: number): Promise<void>
}

/**
 * Starts one of our own programs in a process group of its own, so that Ctrl-C reaches only the parent, which stops its
 * children in order. The IPC channel ties the child to the parent: it exits by itself when the channel closes.
 */
export function startChild({ name, args, env = {}, logFile, onLine }: ChildConfig): Child {
  mkdirSync(dirname(logFile), { recursive: true })
  const log = createWriteStream(logFile)
  const process_ = spawn(process.execPath, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ...env },
  })
  process_.stderr?.pipe(log, { end: false })
  process_.stdout?.pipe(log, { end: false })
  if (process_.stdout && onLine) createInterface({ input: process_.stdout }).on('line', onLine)
  const exited = new Promise<string>((resolve) => {
    process_.once('error', (error) => resolve(`cannot start ${name}: ${error.message}`))
    process_.once('exit', (code, signal) => resolve(`${name} ended with ${signal ?? `exit code ${code}`}`))
  })
  return {
    name,
    pid: process_.pid ?? 0,
    logFile,
    exited,
    stop: (graceMs) => stopChild(process_, exited, graceMs),
  }
}

async function stopChild(child: ChildProcess, exited: Promise<string>, graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
  await exited
  clearTimeout(timer)
}

/** The last lines of a child's log, for a message about its end. */
export function lastLines(logFile: string, count: number): string {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-count).join('\n')
  } catch {
    return ''
  }
}
