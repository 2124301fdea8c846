import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { issueAuthority, issueLeaf } from '../../../collector/webhook/certificates/issue.ts'
import { eventually, root, startNode, tempDirectory } from '../../support/processes.ts'
import { podOf, reviewOf } from '../../unit/injection/support.ts'
import { describeMachine } from '../support/machine.ts'
import { cpuSecondsOf, residentBytesOf } from '../support/process-stat.ts'
import { quantile, table, writeResults } from '../support/report.ts'
import { say } from '../support/say.ts'

/**
 * What an API server waits for: the built `binnacle webhook` as a process of its own, asked over TLS about pods of the size that pods
 * have (research: 8.2 KB the mean of real ones, up to 1 MB), from the request's first byte to the answer's last.
 */
const authority = issueAuthority(Date.now())
const servername = 'hook.binnacle.svc'
const directory = tempDirectory('bench-webhook')
const leaf = issueLeaf(authority, { dnsNames: [servername], nowMs: Date.now() })
const file = (name: string, text: string) => {
  const path = join(directory.path, name)
  writeFileSync(path, text)
  return path
}
const off = Array.from({ length: 1_000 }, (_, index) => ({
  ...{ namespace: 'other', kind: 'Deployment', name: `app-${index}`, reason: 'it crashed', at: '' },
}))
const config = file(
  'webhook.yaml',
  `image: {reference: registry.example/binnacle/instrumentation:1}
languages: [node, java]
listen: {host: 127.0.0.1, port: 0}
admin: {port: 0}
switchedOffFile: ${file('disabled.json', JSON.stringify(off))}
certificates: {mode: files, certFile: ${file('tls.crt', leaf.cert)}, keyFile: ${file('tls.key', leaf.key)}}
`,
)
execFileSync(process.execPath, [join(root, 'collector/cli/build.ts')], { stdio: 'inherit' })
// As the chart starts it, with a memory limit of 128 MiB.
const webhook = startNode(['collector/dist/main.mjs', 'webhook', '--config', config], {
  NODE_OPTIONS: '--max-old-space-size=68 --max-semi-space-size=2',
  MALLOC_ARENA_MAX: '2',
})
const port = Number(
  await eventually('the webhook runs', () => /"https":(\d+)/.exec(webhook.output())?.[1], {
    hint: webhook.output,
  }),
)

/** A pod with so many variables in each of three containers. */
function reviewWith(variables: number): Buffer {
  const env = Array.from({ length: variables }, (_, index) => ({
    name: `SETTING_${index}`,
    value: `value of the setting ${index}, as long as values are`,
  }))
  const containers = ['app', 'worker', 'istio-proxy'].map((name) => ({
    ...{ name, image: `registry.example/${name}:v1`, env },
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } },
  }))
  return Buffer.from(JSON.stringify(reviewOf(podOf({ containers }))))
}

function ask(body: Buffer, agent: Agent | false): Promise<number> {
  const startedMs = performance.now()
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      path: '/mutate',
      method: 'POST',
      ca: authority.cert,
      servername,
      agent,
    }
    const sent = request(options, (response) => {
      response.on('data', () => {})
      response.once('end', () =>
        response.statusCode === 200
          ? resolve(performance.now() - startedMs)
          : reject(new Error(`status ${response.statusCode}`)),
      )
    })
    sent.once('error', reject)
    sent.end(body)
  })
}

interface Case {
  readonly title: string
  readonly variables: number
  readonly requests: number
  readonly connections: number
  /** Reviews a second, evenly; 0: as fast as answers come. */
  readonly rate: number
}
const cases: readonly Case[] = [
  { title: 'a rollout: 100 pods/s', variables: 30, requests: 3_000, connections: 8, rate: 100 },
  { title: 'large pods: 20/s', variables: 500, requests: 400, connections: 8, rate: 20 },
  { title: 'a new connection each: 20 pods/s', variables: 30, requests: 400, connections: 0, rate: 20 },
  { title: 'as fast as it answers, 8 at once', variables: 30, requests: 5_000, connections: 8, rate: 0 },
]

async function measure({ variables, requests, connections, rate }: Case) {
  const body = reviewWith(variables)
  const agent = connections > 0 ? new Agent({ keepAlive: true, maxSockets: connections }) : false
  for (let warm = 0; warm < 200; warm++) await ask(body, agent)
  const tookMs: number[] = []
  const cpuBefore = cpuSecondsOf(webhook.pid)
  const startedMs = performance.now()
  if (rate > 0) {
    const all: Promise<unknown>[] = []
    for (let sent = 0; sent < requests; sent++) {
      const dueMs = startedMs + (sent * 1_000) / rate
      const waitMs = dueMs - performance.now()
      if (waitMs > 0) await new Promise((done) => setTimeout(done, waitMs))
      all.push(ask(body, agent).then((ms) => tookMs.push(ms)))
    }
    await Promise.all(all)
  } else {
    let left = requests
    const one = async () => {
      while (left-- > 0) tookMs.push(await ask(body, agent))
    }
    await Promise.all(Array.from({ length: connections }, one))
  }
  const seconds = (performance.now() - startedMs) / 1_000
  const cpuMs = ((cpuSecondsOf(webhook.pid) - cpuBefore) * 1_000) / requests
  if (agent) agent.destroy()
  return {
    kilobytes: body.length / 1_000,
    p50: quantile(tookMs, 0.5),
    p99: quantile(tookMs, 0.99),
    max: Math.max(...tookMs),
    perSecond: requests / seconds,
    cpuMs,
  }
}

const figures = []
for (const one of cases) {
  const result = await measure(one)
  say(`${one.title}: p99 ${result.p99.toFixed(2)} ms`)
  figures.push({ title: one.title, ...result })
}
const residentMib = residentBytesOf(webhook.pid).max / 1024 ** 2
await webhook.kill('SIGTERM')
directory.remove()
const { cpu, cores, memoryGib, os, node, commit, date } = describeMachine('none')
writeResults('webhook', {
  markdown: `# Injection webhook

\`npm run bench:webhook\`: milliseconds from a request's first byte to its answer's last, over TLS, two languages, 1,000 workloads
switched off; the asking process runs on the same machine. The goal is p99 < 20 ms. Most resident memory: ${Math.round(residentMib)} MiB.

${table(
  ['what', 'KB a review', 'p50 ms', 'p99 ms', 'max ms', 'pods/s', 'CPU ms a pod'],
  figures.map(({ title, kilobytes, p50, p99, max, perSecond, cpuMs }) => [
    title,
    kilobytes,
    p50,
    p99,
    max,
    perSecond,
    cpuMs,
  ]),
)}

${cores} cores of ${cpu}, ${memoryGib} GiB, ${os}; Node ${node}; commit ${commit}, ${date} UTC.
`,
  data: { figures, residentMib },
})
if (figures.some(({ p99 }) => p99 >= 20)) process.exitCode = 1
