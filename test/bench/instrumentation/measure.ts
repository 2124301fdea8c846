import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../../support/processes.ts'
import { cpuSecondsOf, residentBytesOf } from '../support/process-stat.ts'
import { type App, environment, type Variant } from './variants.ts'

const run = promisify(execFile)

export interface Started {
  readonly child: ChildProcess
  readonly pid: number
  readonly port: number
  readonly startMs: number
}

export interface LoadFigures {
  readonly requests: number
  readonly failed: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export interface ServiceFigures {
  readonly startMs: number
  readonly startCpuMs: number
  readonly idleMib: number
  readonly loadedMib: number
  readonly cpuMicros: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly perSecond: number
}

const connections = 16
const mib = 1024 ** 2

/** From the start of the process to the line with its port: it listens. */
export async function start(app: App, { nodeArgs }: Variant, sink: string): Promise<Started> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, [...nodeArgs, join(import.meta.dirname, 'apps', app)], {
    cwd: root,
    env: environment(sink),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return {
    child,
    pid: Number(child.pid),
    port: Number(String(line)),
    startMs: performance.now() - startedAt,
  }
}

export async function stop({ child }: Started): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

export async function load(port: number, seconds: number, rate = 0): Promise<LoadFigures> {
  const args = [join(import.meta.dirname, 'load.ts'), port, connections, seconds, rate].map(String)
  const { stdout } = await run(process.execPath, args)
  const figures = JSON.parse(stdout) as LoadFigures
  if (figures.failed > 0 || figures.requests === 0) throw new Error(`cannot measure: ${stdout}`)
  return figures
}

/** One life of the application: start, warm up, a fixed rate, as fast as it can. */
export async function measureService(
  app: App,
  variant: Variant,
  { sink, rate, seconds }: { sink: string; rate: number; seconds: number },
): Promise<ServiceFigures> {
  const started = await start(app, variant, sink)
  const startCpuMs = cpuSecondsOf(started.pid) * 1000
  const idleMib = residentBytesOf(started.pid).now / mib
  await load(started.port, 1.5)
  const cpuBefore = cpuSecondsOf(started.pid)
  const fixed = await load(started.port, seconds, rate)
  const cpuMicros = ((cpuSecondsOf(started.pid) - cpuBefore) * 1e6) / fixed.requests
  const fast = await load(started.port, seconds)
  const loadedMib = residentBytesOf(started.pid).now / mib
  await stop(started)
  return {
    startMs: started.startMs,
    startCpuMs,
    idleMib,
    loadedMib,
    cpuMicros,
    p50Ms: fixed.p50Ms,
    p99Ms: fixed.p99Ms,
    perSecond: fast.perSecond,
  }
}

/** Start and nothing more: the wall time until it listens, or until the script has ended. */
export async function measureStart(app: App, variant: Variant, sink: string): Promise<number> {
  if (app !== 'script.cjs') {
    const started = await start(app, variant, sink)
    await stop(started)
    return started.startMs
  }
  const startedAt = performance.now()
  const args = [...variant.nodeArgs, join(import.meta.dirname, 'apps', app)]
  await run(process.execPath, args, { cwd: root, env: environment(sink) })
  return performance.now() - startedAt
}
