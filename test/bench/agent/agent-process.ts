import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import type { AgentStatus } from '../../../collector/agent/main.ts'
import { chartNodeOptions } from '../../support/chart-heap.ts'
import { eventually, root, tempDirectory } from '../../support/processes.ts'
import type { ApiProcess } from './api-process.ts'

/** The agent as the chart starts it: its flags, a service account, a configuration file. */
export interface AgentProcess {
  readonly pid: number
  readonly startedAtMs: number
  /** OTLP of applications. */
  readonly ports: { readonly grpc: number; readonly http: number }
  status(): Promise<AgentStatus>
  metrics(): Promise<string>
  /** Asks the process for a clean end; throws when it does not end well. */
  close(): Promise<void>
}

export interface AgentProcessConfig {
  readonly api: ApiProcess
  readonly service: string
  /** Node flags beyond the chart's. */
  readonly flags?: readonly string[]
  /** Such as 64Mi; absent: that of the chart's values. */
  readonly memoryLimit?: string | undefined
  readonly environment?: Readonly<Record<string, string>>
  readonly config?: object
}

const stopWithinMs = 30_000
/** As images have it. */
const program = process.env['BINNACLE_BENCH_PROGRAM'] ?? 'collector/dist/main.mjs'
let build: Promise<unknown> | undefined
const buildCollector = () =>
  promisify(execFile)(process.execPath, [join(root, 'collector/cli/build.ts')], { cwd: root })

export async function startAgentProcess({
  api,
  service,
  flags = [],
  memoryLimit,
  environment = {},
  config = {},
}: AgentProcessConfig): Promise<AgentProcess> {
  const directory = tempDirectory('bench-agent')
  const account = join(directory.path, 'serviceaccount')
  mkdirSync(account)
  writeFileSync(join(account, 'token'), 'bench-token')
  writeFileSync(join(account, 'ca.crt'), api.cert)
  const file = join(directory.path, 'agent.yaml')
  writeFileSync(
    file,
    stringify({
      service: { endpoint: service },
      receive: { grpcPort: 0, httpPort: 0 },
      admin: { port: 0 },
      spool: { directory: join(directory.path, 'spool') },
      ...config,
    }),
  )
  build ??= buildCollector()
  await build
  const startedAtMs = Date.now()
  const child: ChildProcess = spawn(process.execPath, [...flags, program, 'agent', '--config', file], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      ...chartEnvironment(memoryLimit),
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: String(api.port),
      BINNACLE_SERVICE_ACCOUNT_DIR: account,
      ...environment,
    },
  })
  let output = ''
  const logFile = process.env['BINNACLE_BENCH_LOG']
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      output = `${output}${chunk}`.slice(-64_000)
    })
    if (logFile) stream?.pipe(createWriteStream(logFile, { flags: 'a' }))
  }
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  void exited.then(() => directory.remove())
  const ports = await eventually('the agent is running', () => portsOf(output), {
    withinMs: 60_000,
    hint: () => output,
  })
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${ports.admin}${path}`)
    if (!answer.ok) throw new Error(`the agent answers ${answer.status} to ${path}`)
    return answer
  }
  return {
    pid: child.pid ?? 0,
    startedAtMs,
    ports,
    status: async () => (await (await get('/status')).json()) as AgentStatus,
    metrics: async () => (await get('/metrics')).text(),
    async close() {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), stopWithinMs)
      const code = await exited
      clearTimeout(timer)
      if (code !== 0) throw new Error(`the agent ended with ${code}\n${output.slice(-4_000)}`)
    },
  }
}

interface Ports {
  readonly grpc: number
  readonly http: number
  readonly admin: number
}

function portsOf(output: string): Ports | undefined {
  const line = output.split('\n').find((one) => one.includes('"the agent is running"'))
  return line ? (JSON.parse(line) as { ports: Ports }).ports : undefined
}

/** What the chart sets for the container to spare memory, by its memory limit (absent: that of the default values). */
export function chartEnvironment(memoryLimit?: string): Record<string, string> {
  const template = readFileSync(join(root, 'charts/binnacle-agent/templates/workload.yaml'), 'utf8')
  const malloc = [...template.matchAll(/name: (MALLOC_\w+)\n\s+value: "(.*)"/g)]
  if (malloc.length === 0) throw new Error('the chart of the agent sets no MALLOC_ARENA_MAX')
  const ofMalloc = Object.fromEntries(malloc.map(([, name = '', value = '']) => [name, value]))
  return { NODE_OPTIONS: chartNodeOptions(memoryLimit), ...ofMalloc }
}
