import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { decodeTraces } from '../../../collector/wire/trace-decoder.ts'
import { type OtlpSink, startOtlpSink } from '../../support/otlp-sink.ts'
import {
  eventually,
  freePort,
  root,
  startNode,
  type TestProcess,
  tempDirectory,
} from '../../support/processes.ts'
import { buildWhenMissing } from '../instrumentation/support.ts'

const main = 'test/support/simulated-cluster/main.ts'
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function arguments_(otlpEndpoint = 'http://127.0.0.1:9'): Promise<{ args: string[]; appPort: number }> {
  const directory = tempDirectory('simulated')
  closers.push(() => directory.remove())
  const appPort = await freePort()
  const args = [
    main,
    ...['--kubeconfig', join(directory.path, 'kubeconfig'), '--otlp-endpoint', otlpEndpoint],
    ...['--app-port', String(appPort), '--pod-network', '127.66'],
  ]
  return { args, appPort }
}

function readyLine(program: Pick<TestProcess, 'output'>): Promise<{ url: string; kubeconfig: string }> {
  return eventually(
    'the ready line',
    () => {
      const line = program
        .output()
        .split('\n')
        .find((one) => one.startsWith('{"ready":true'))
      return line ? (JSON.parse(line) as { url: string; kubeconfig: string }) : undefined
    },
    { hint: program.output },
  )
}

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
const isAlive = (pid: number): boolean =>
  existsSync(`/proc/${pid}`) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')

describe('the simulated cluster as a program', () => {
  test('runs the shop for real: requests cross its tiers, the database and the queue in one trace', async () => {
    await buildWhenMissing()
    const sink = await startOtlpSink()
    closers.push(() => sink.close())
    const { args, appPort } = await arguments_(sink.url)
    const program = startNode(args, { OTEL_EXPORTER_OTLP_PROTOCOL: 'nonsense-of-the-host' })
    closers.push(() => program.kill('SIGKILL'))
    const { url, kubeconfig } = await readyLine(program)
    expect(readFileSync(kubeconfig, 'utf8')).toContain(url)
    const answer = await eventually(
      'an order',
      async () => {
        const response = await fetch(`http://127.0.0.1:${appPort}/hw2`)
        const body = (await response.json()) as { greeting?: { version: string }; order?: object }
        return body.order ? body : undefined
      },
      { hint: program.output },
    )
    expect(answer.greeting?.version).toMatch(/^v[12]$/)
    // SpanKind of OTLP: the front, the order service, its database client, the sender and the taker of the job.
    const wanted = ['magnanimo 2', 'ordini 2', 'ordini 3', 'ordini 4', 'spedizioni 5']
    await eventually('one trace through all tiers', () => {
      const byTrace = Map.groupBy(spansIn(sink), ({ traceId }) => traceId)
      const whole = [...byTrace.values()].some((spans) => {
        const seen = new Set(spans.map(({ service, kind }) => `${service} ${kind}`))
        return wanted.every((one) => seen.has(one))
      })
      return whole || undefined
    })
    const pods = new Set(spansIn(sink).map(({ pod }) => pod.replace(/-.*/, '')))
    expect(pods).toEqual(new Set(['magnanimo', 'benigno', 'ordini', 'spedizioni']))
    const startedMs = performance.now()
    expect(await program.kill('SIGTERM')).toBe(0)
    expect(performance.now() - startedMs).toBeLessThan(3_000)
  }, 90_000)

  test('stops within three seconds and leaves nothing behind, also when its parent is killed', async (context) => {
    if (process.platform !== 'linux') return context.skip('needs /proc')
    await buildWhenMissing()
    const { args } = await arguments_()
    const parent = spawn(
      process.execPath,
      [
        '-e',
        `require('node:child_process').spawn(process.execPath, ${JSON.stringify(args)}, { stdio: ['pipe', 'inherit', 'inherit'] })
         setInterval(() => {}, 1000)`,
      ],
      { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    closers.push(() => parent.kill('SIGKILL'))
    let output = ''
    parent.stdout.on('data', (chunk) => {
      output += String(chunk)
    })
    parent.stderr.resume()
    await readyLine({ output: () => output })
    const [program = 0] = childrenOf(parent.pid ?? 0)
    const pods = await eventually('nine processes', () => {
      const children = childrenOf(program)
      return children.length === 9 ? children : undefined
    })
    parent.kill('SIGKILL')
    const left = () => [program, ...pods].filter(isAlive)
    await eventually('nothing is left', () => (left().length === 0 ? true : undefined), { withinMs: 6_000 })
  }, 90_000)

  test.each([
    ['--app-port', 'of magnanimo'],
    ['--api-port', 'of the API server'],
  ])('says in one sentence that the port of %s is taken', async (option, what) => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    closers.push(() => taken.close())
    const address = taken.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    const { args } = await arguments_()
    const program = startNode([...args, option, String(port)])
    expect(await program.exited).toBe(1)
    expect(program.output()).toBe(`cannot start the simulated cluster: port ${port} ${what} is in use\n`)
  })

  test('explains its arguments', async () => {
    const help = startNode([main, '--help'])
    expect(await help.exited).toBe(0)
    expect(help.output()).toContain('--otlp-endpoint URL')
    const unknown = startNode([main, '--colour', 'red'])
    expect(await unknown.exited).toBe(2)
    expect(unknown.output()).toMatch(/Unknown option '--colour'.*Usage:/s)
  })
})

interface SentSpan {
  readonly traceId: string
  readonly service: string
  readonly kind: number
  readonly pod: string
}

function spansIn(sink: OtlpSink): SentSpan[] {
  return sink.requests.flatMap(({ body }) => {
    const request = { signal: 'traces', encoding: 'protobuf', body } as const
    const decoded = decodeTraces(request, { receivedAtMs: Date.now(), batchId: '' })
    if (decoded.type === 'invalid') throw new Error(decoded.message)
    // An SDK sends what one process made: one resource a request.
    const pod = decoded.resources[0]?.pod ?? ''
    return decoded.rows.map(({ trace_id, service, kind }) => ({
      traceId: Buffer.from(trace_id).toString('hex'),
      service,
      kind,
      pod,
    }))
  })
}
