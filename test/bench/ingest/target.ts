import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, startNode } from '../../support/processes.ts'
import { childrenOf } from '../support/process-stat.ts'

/** A server under load, on a fresh data directory with an embedded engine of its own. */
export interface Target {
  readonly name: string
  readonly pid: number
  readonly enginePid: number
  readonly http: string
  /** Where agents send to. */
  readonly api: string
  /** host:port; empty: it does not speak gRPC. */
  readonly grpc: string
  readonly clickhouse: string
  close(): Promise<void>
}

export type TargetName = 'binnacle' | 'naive'

const programs: Record<TargetName, readonly string[]> = {
  binnacle: [
    ...['collector/cli/main.ts', 'serve', '--listen', '127.0.0.1:0', '--log-level', 'info'],
    ...['--otlp-grpc-port', '0', '--otlp-http-port', '0'],
  ],
  naive: ['test/bench/ingest/naive-server.ts'],
}
const stopWithinMs = 30_000

interface Ready {
  readonly url: string
  readonly grpc?: string
  readonly otlpHttp?: string
  readonly clickhouse: string
}

export async function startTarget(name: TargetName): Promise<Target> {
  const dataDir = await mkdtemp(join(tmpdir(), 'binnacle-bench-'))
  const child = startNode([...programs[name], '--data-dir', dataDir])
  const ready = await eventually(`${name} is ready`, () => readyLine(child.output()), {
    withinMs: 60_000,
    hint: child.output,
  })
  return {
    name,
    pid: child.pid,
    enginePid: childrenOf(child.pid)[0] ?? 0,
    api: ready.url,
    http: ready.otlpHttp ? `http://${ready.otlpHttp}` : ready.url,
    grpc: (ready.grpc ?? '').replace(/^https?:\/\//, ''),
    clickhouse: ready.clickhouse,
    async close() {
      const timer = setTimeout(() => void child.kill('SIGKILL'), stopWithinMs)
      await child.kill('SIGTERM')
      clearTimeout(timer)
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

function readyLine(output: string): Ready | undefined {
  const line = output.split('\n').find((one) => one.includes('the service is ready'))
  return line ? (JSON.parse(line) as Ready) : undefined
}
