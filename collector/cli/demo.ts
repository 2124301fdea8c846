import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { systemClock } from '../std/clock.ts'
import { type Child, lastLines, startChild } from './child.ts'
import { directoryProblem, portProblems } from './preflight.ts'
import { createProgress, type Progress } from './progress.ts'

export interface DemoOptions {
  readonly port: number
  readonly agentPort: number
  readonly otlpGrpcPort: number
  readonly otlpHttpPort: number
  readonly appPort: number
  readonly dataDir: string
  /** What benigno v2 is like: equal, slow, failing, both. */
  readonly canary: string
}

const host = '127.0.0.1'
const freeBytesMin = 1024 ** 3
const readyWithinMs = 60_000
const stopWithinMs = 15_000
const root = resolve(import.meta.dirname, '../..')
const simulatedCluster = join(root, 'test/support/simulated-cluster/main.ts')
const notice =
  'Demo: this Kubernetes cluster is simulated. The demo services are real Node processes, and their traces are real.'

/** Runs the whole product on this machine: service on the embedded ClickHouse, simulated cluster, agent, demo services. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const problems = await findProblems(options)
  if (problems.length > 0) {
    process.stderr.write(`${problems.join('\n')}\n`)
    return 1
  }
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort())
  const progress = createProgress(process.stdout)
  const children: Child[] = []
  const ended = new Promise<string>((resolve) => {
    stopping.signal.addEventListener('abort', () => resolve(''))
  })
  const start = (child: Child): Promise<string> => {
    children.push(child)
    return child.exited
  }
  const url = `http://${host}:${options.port}`
  const run = startAll({ options, url, progress, start, signal: stopping.signal })
  const failure = await Promise.race([run, ended])
  const message = failure === '' ? '' : describeFailure(failure, children)
  progress.line(failure === '' ? 'Stopping …' : message)
  await stopAll(children)
  if (failure === '') progress.line('Stopped. The data is kept: the next start shows it.')
  return failure === '' ? 0 : 1
}

interface StartContext {
  readonly options: DemoOptions
  readonly url: string
  readonly progress: Progress
  readonly start: (child: Child) => Promise<string>
  readonly signal: AbortSignal
}

/** Starts the parts in order and then waits; resolves only when a part ends by itself, with what happened. */
async function startAll({ options, url, progress, start, signal }: StartContext): Promise<string> {
  const directory = resolve(options.dataDir)
  const logFile = (name: string) => join(directory, 'logs', `${name}.log`)
  const cli = join(root, 'collector/cli/main.ts')
  const failures: Promise<string>[] = []
  const step = async (title: string, child: Child, ready: () => Promise<string | undefined>) => {
    failures.push(start(child))
    return progress.step(title, Promise.race([untilReady(ready, signal), ...failures.map(rejectWith)]))
  }
  try {
    const service = startChild({
      name: 'service',
      args: [
        cli,
        'serve',
        '--listen',
        `${host}:${options.port}`,
        // The agent has the usual ports.
        ...['--otlp-grpc-port', '0', '--otlp-http-port', '0'],
        '--data-dir',
        join(directory, 'clickhouse'),
        '--notice',
        notice,
      ],
      logFile: logFile('service'),
    })
    await step('Service with embedded ClickHouse', service, () => answers(`${url}/readyz`))
    let kubeconfig: string | undefined
    const cluster = startChild({
      name: 'simulated cluster',
      args: [
        simulatedCluster,
        '--kubeconfig',
        join(directory, 'kubeconfig'),
        '--otlp-endpoint',
        `http://${host}:${options.otlpHttpPort}`,
        '--app-port',
        String(options.appPort),
        '--canary',
        options.canary,
        // Two demos on one machine (other ports) have pods of their own.
        '--pod-network',
        `127.${10 + (options.appPort % 200)}`,
      ],
      logFile: logFile('simulated-cluster'),
      onLine: (line) => {
        if (line.startsWith('{"ready":true'))
          kubeconfig = (JSON.parse(line) as { kubeconfig: string }).kubeconfig
      },
    })
    await step('Simulated Kubernetes cluster', cluster, async () => kubeconfig)
    const agent = startChild({
      name: 'agent',
      args: [cli, 'agent', ...agentArguments({ options, url, directory, kubeconfig: kubeconfig ?? '' })],
      // The simulated cluster does what the chart's webhook would.
      env: { BINNACLE_INJECTION_ENABLED: 'true', BINNACLE_INJECTION_CRASH_GUARD_MINUTES: '1' },
      logFile: logFile('agent'),
    })
    await step('Cluster agent', agent, () => answers(`http://${host}:${options.agentPort}/readyz`))
    await progress.step(
      'First pods, events, traces and flow map',
      Promise.race([untilReady(() => firstData(url), signal), ...failures.map(rejectWith)]),
    )
    progress.line(
      `\nBinnacle is running: ${url}   (Ctrl-C stops it; logs in ${join(options.dataDir, 'logs')})`,
    )
  } catch (error) {
    if (signal.aborted) return ''
    return error instanceof Error ? error.message : String(error)
  }
  return Promise.race(failures)
}

function agentArguments(at: {
  options: DemoOptions
  url: string
  directory: string
  kubeconfig: string
}): string[] {
  return [
    '--crash-logs',
    '--kubeconfig',
    at.kubeconfig,
    '--cluster-name',
    'demo (simulated)',
    '--service',
    at.url,
    '--spool-dir',
    join(at.directory, 'spool'),
    '--receive-host',
    host,
    '--otlp-grpc-port',
    String(at.options.otlpGrpcPort),
    '--otlp-http-port',
    String(at.options.otlpHttpPort),
    '--admin',
    `${host}:${at.options.agentPort}`,
    '--report-interval-ms',
    '5000',
    '--scrape-interval-ms',
    '10000',
  ]
}

async function findProblems(options: DemoOptions): Promise<string[]> {
  if (!existsSync(simulatedCluster)) {
    return [
      'The demo needs a source checkout: the simulated cluster (test/support) is not part of this installation.',
    ]
  }
  const directory = directoryProblem(resolve(options.dataDir), freeBytesMin)
  const ports = await portProblems([
    { host, port: options.port, use: 'service and web UI', option: '--port' },
    { host, port: options.agentPort, use: 'agent status', option: '--agent-port' },
    { host, port: options.otlpGrpcPort, use: 'OTLP over gRPC', option: '--otlp-grpc-port' },
    { host, port: options.otlpHttpPort, use: 'OTLP over HTTP', option: '--otlp-http-port' },
    { host, port: options.appPort, use: 'demo service magnanimo', option: '--app-port' },
  ])
  return directory ? [directory, ...ports] : ports
}

async function untilReady(check: () => Promise<string | undefined>, signal: AbortSignal): Promise<string> {
  const deadline = Date.now() + readyWithinMs
  while (!signal.aborted) {
    const detail = await check().catch(() => undefined)
    if (detail !== undefined) return detail
    if (Date.now() > deadline) throw new Error(`not ready after ${readyWithinMs / 1000} s`)
    await systemClock.sleep(200, signal)
  }
  throw new Error('stopped')
}

async function answers(url: string): Promise<string | undefined> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
  return response.ok ? '' : undefined
}

async function firstData(url: string): Promise<string | undefined> {
  const get = async <T>(path: string): Promise<T> =>
    (await (await fetch(`${url}/api/v1${path}`, { signal: AbortSignal.timeout(5_000) })).json()) as T
  const { clusters } = await get<{ clusters: { pods: number }[] }>('/clusters?from=now-15m')
  const pods = clusters.reduce((sum, cluster) => sum + cluster.pods, 0)
  const { nodes } = await get<{ nodes: { type: string; versions: unknown[] }[] }>(
    '/applications/shop/flow-map?from=now-15m',
  )
  const tiers = nodes.filter((node) => node.type === 'tier')
  const versioned = tiers.some((tier) => tier.versions.length > 1)
  if (pods === 0 || tiers.length < 4 || !versioned) return undefined
  return `${pods} pods, ${tiers.length} tiers`
}

function rejectWith(exited: Promise<string>): Promise<never> {
  return exited.then((text) => {
    throw new Error(text)
  })
}

function describeFailure(failure: string, children: readonly Child[]): string {
  const culprit = children.find((child) => failure.startsWith(child.name)) ?? children.at(-1)
  const tail = culprit ? lastLines(culprit.logFile, 8) : ''
  return `Cannot go on: ${failure}.${culprit ? `\nLast lines of ${culprit.logFile}:\n${tail}` : ''}`
}

/** Senders first, so that what they hold is delivered: the cluster's applications, then the agent, then the service. */
async function stopAll(children: readonly Child[]): Promise<void> {
  const order = ['simulated cluster', 'agent', 'service']
  for (const name of order) await children.find((child) => child.name === name)?.stop(stopWithinMs)
}
