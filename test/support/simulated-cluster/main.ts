/**
 * The simulated cluster as a program: the fake Kubernetes API server with the workloads of `workloads.ts`, played in real
 * time, and the demo services as real, instrumented processes. `--help` lists the arguments.
 *
 * Prints one JSON line when the API server can be asked: `{"ready":true,"url":…,"kubeconfig":…}`. On SIGTERM and SIGINT,
 * and when its parent is gone (the IPC channel or the pipe of standard input closes), it stops its processes and exits
 * with 0; with 1 and one sentence when a port is taken, with 2 when the arguments make no sense.
 */
import { fstatSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { type FakeKubeApi, startFakeKubeApi } from '../kube-api/server.ts'
import { type Address, createAddresses } from './addresses.ts'
import { createSimulatedCluster } from './cluster.ts'
import { workloads as allWorkloads } from './workloads.ts'

const usage = `Usage: node test/support/simulated-cluster/main.ts --kubeconfig FILE [options]

  --kubeconfig FILE       where to write how to reach the API server
  --otlp-endpoint URL     where the demo services send their spans (default http://127.0.0.1:4318)
  --app-port PORT         where the demo service magnanimo answers on 127.0.0.1 (default 4000)
  --api-port PORT         port of the API server (default 0: any)
  --pod-network A.B       first half of the pods' addresses on Linux (default 127.10)
  --seed N                seed of what happens by chance (default 1)
  --canary HOW            what benigno v2 is like: equal, slow, failing, both (default both)
`

const values = readArguments()
if (values.help || !values.kubeconfig) {
  process.stdout.write(usage)
  process.exit(values.help ? 0 : 2)
}

const appPort = Number(values['app-port'])
const workloads = allWorkloads.map((one) =>
  one.name === 'benigno-v2' ? { ...one, env: { ...one.env, CANARY: values.canary } } : one,
)
const front: Address = { host: '127.0.0.1', port: appPort }
const addresses = createAddresses(workloads, {
  network: values['pod-network'],
  ownIps: process.platform === 'linux',
  services: new Map([['magnanimo', front]]),
})
const api = await orExit(
  startFakeKubeApi({ port: Number(values['api-port']) }),
  `port ${values['api-port']} of the API server`,
)
const service = await orExit(startService(front, targetsOf('magnanimo')), `port ${appPort} of magnanimo`)
const cluster = createSimulatedCluster({
  api,
  workloads,
  addresses,
  otlpEndpoint: values['otlp-endpoint'],
  nowMs: Date.now,
  random: seeded(Number(values.seed)),
})
mkdirSync(dirname(values.kubeconfig), { recursive: true })
writeFileSync(values.kubeconfig, api.kubeconfig(), { mode: 0o600 })
process.stdout.write(`${JSON.stringify({ ready: true, url: api.url, kubeconfig: values.kubeconfig })}\n`)
const timer = setInterval(() => cluster.tick(), 100)
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop())
endWithParent()

let stopping = false
async function stop(): Promise<void> {
  if (stopping) return
  stopping = true
  clearInterval(timer)
  service.close()
  await cluster.close()
  await (api as FakeKubeApi).close()
  process.exit(0)
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        help: { type: 'boolean' },
        kubeconfig: { type: 'string' },
        'otlp-endpoint': { type: 'string', default: 'http://127.0.0.1:4318' },
        'app-port': { type: 'string', default: '4000' },
        'api-port': { type: 'string', default: '0' },
        'pod-network': { type: 'string', default: '127.10' },
        seed: { type: 'string', default: '1' },
        canary: { type: 'string', default: 'both' },
      },
    }).values
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    process.exit(2)
  }
}

/** So that nothing is orphaned when whoever started us is killed. */
function endWithParent(): void {
  if (process.channel) {
    process.on('disconnect', () => void stop())
    return
  }
  // A terminal or /dev/null says nothing about a parent; a pipe closes with it.
  const input = fstatSync(0)
  if (input.isFIFO() || input.isSocket()) process.stdin.on('end', () => void stop()).resume()
}

function targetsOf(name: string): Address[] {
  const workload = workloads.find((one) => one.name === name)
  return workload
    ? Array.from({ length: workload.replicas }, (_, ordinal) => addresses.of(workload, ordinal))
    : []
}

/** A Service: connections go to its pods in turn. */
function startService({ host, port }: Address, targets: readonly Address[]): Promise<Server> {
  let turn = 0
  const server = createServer((socket) => {
    const target = targets[turn++ % targets.length]
    if (!target) return socket.destroy()
    const upstream = connect(target.port, target.host)
    socket.pipe(upstream).pipe(socket)
    for (const end of [socket, upstream]) {
      end.on('error', () => {
        socket.destroy()
        upstream.destroy()
      })
    }
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(server))
  })
}

async function orExit<T>(starting: Promise<T>, what: string): Promise<T> {
  try {
    return await starting
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    process.stderr.write(
      `cannot start the simulated cluster: ${what} ${code === 'EADDRINUSE' ? 'is in use' : `cannot be opened: ${message}`}\n`,
    )
    process.exit(1)
  }
}

/** mulberry32: small, seeded, good enough for a simulation. */
function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
