import { type ChildProcess, spawn } from 'node:child_process'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../../..')
const programs = join(root, 'test/support/demo-services')
/** The database is a backend, and the load comes from outside: neither sends spans. */
const uninstrumented = ['postgres.ts', 'load.ts']
const killAfterMs = 3_000

export interface PodProcess {
  /** Resolves when the program says that it runs; rejects when it ends before. */
  readonly started: Promise<void>
  /** Resolves with the exit code; 137 for an end by SIGKILL, as Kubernetes reports it. */
  readonly exited: Promise<number>
  /** SIGTERM, then SIGKILL. */
  stop(): Promise<void>
}

export type StartPodProcess = (container: {
  readonly program: string
  readonly env: Readonly<Record<string, string>>
}) => PodProcess

/** Runs the program of a demo service as the kubelet would run its container. */
export const startPodProcess: StartPodProcess = ({ program, env }) => {
  const preload = uninstrumented.includes(program) ? [] : ['--import', '@binnacle/instrumentation']
  const child = spawn(process.execPath, [...preload, join(programs, program)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...baseEnv(), ...env },
  })
  const exited = new Promise<number>((done) => {
    child.once('error', () => done(128))
    child.once('exit', (code, signal) => done(code ?? (signal === 'SIGKILL' ? 137 : 143)))
  })
  const started = new Promise<void>((done, failed) => {
    child.stdout?.once('data', () => done())
    void exited.then((code) => failed(new Error(`${program} ended with ${code}`)))
  })
  started.catch(() => {})
  return { started, exited, stop: () => stop(child, exited) }
}

/** The host's own OpenTelemetry settings and test runners must not leak into the pods. */
function baseEnv(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(OTEL_|VITEST|NODE_OPTIONS$|NODE_CHANNEL_)/.test(name)),
  )
}

async function stop(child: ChildProcess, exited: Promise<number>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  await exited
  clearTimeout(timer)
}
