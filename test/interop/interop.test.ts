import { execFile } from 'node:child_process'
import { createClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, freePort, startCli, type TestProcess, tempDirectory } from '../support/processes.ts'
import { startGrpcProxy, startHttpProxy } from './refusing-proxy.ts'
import { type Sdk, sdks } from './sdks.ts'
import { type SentTrace, sentTraces, storedSpans, wantedSpans } from './spans.ts'

/** Real SDK exporters of other languages against the real service process: what they sent is what ClickHouse holds. */
const protocols = ['http', 'grpc'] as const
type Protocol = (typeof protocols)[number]

const sendTimeoutMs = 60_000
const startProxy = { http: startHttpProxy, grpc: startGrpcProxy }
const directory = tempDirectory('interop')
const clickhousePort = await freePort()
const clickhouse = createClient({ url: `http://127.0.0.1:${clickhousePort}`, database: 'binnacle' })
const prepared = await Promise.all(sdks.map(async (sdk) => ({ sdk, is: await sdk.prepare() })))
let service: TestProcess
let endpoints: Record<Protocol, string>
let runs = 0

beforeAll(async () => {
  service = startCli(
    ...['serve', '--listen', '127.0.0.1:0', '--clickhouse-port', String(clickhousePort)],
    ...['--data-dir', directory.path],
  )
  endpoints = await eventually('the service is ready', () => readyLine(service.output()), {
    withinMs: 60_000,
    hint: service.output,
  })
})

afterAll(async () => {
  await clickhouse.close()
  await service?.kill('SIGTERM')
  directory.remove()
})

for (const { sdk, is } of prepared) {
  if ('missing' in is) {
    test.skip(`${sdk.name}: skipped, its SDK cannot be had: ${is.missing}`, () => {})
    continue
  }
  describe.each(protocols)(`the OTLP exporter of ${sdk.name} over %s`, (protocol) => {
    test('every span is stored once, with all that was sent', async () => {
      const { service, traces } = await send(is.command, protocol, endpoints[protocol], sdk)
      expect(await storedSpans(clickhouse, { service, table: 'spans' })).toEqual(
        wantedSpans({ service, traces, sdk }),
      )
    })

    // An exporter gives its requests no id that a resent one could be known by: the key of `spans` brings both rows together.
    test.each([
      ['stored once after the first request is refused', { afterForwarding: false }, 'spans'],
      ['read once after the first answer is lost', { afterForwarding: true }, 'spans FINAL'],
    ] as const)('every span is %s', async (_, refusal, table) => {
      const proxy = await startProxy[protocol](endpoints[protocol], refusal)
      try {
        const { service, traces } = await send(is.command, protocol, proxy.url, sdk)
        expect(proxy.requests()).toBeGreaterThan(1)
        expect(await storedSpans(clickhouse, { service, table })).toEqual(
          wantedSpans({ service, traces, sdk }),
        )
      } finally {
        await proxy.close()
      }
    })
  })
}

function readyLine(output: string): Record<Protocol, string> | undefined {
  const line = output.split('\n').find((text) => text.includes('the service is ready'))
  if (!line) return undefined
  const { grpc, otlpHttp } = JSON.parse(line) as { grpc: string; otlpHttp: string }
  return { grpc: `http://${grpc}`, http: `http://${otlpHttp}` }
}

/** Runs the program to its end; it fails unless the exporter said that everything was accepted. */
function send(
  command: readonly string[],
  protocol: Protocol,
  endpoint: string,
  { name }: Sdk,
): Promise<{ service: string; traces: SentTrace[] }> {
  const service = `interop-${name}-${protocol}-${++runs}`
  const [program = '', ...args] = [...command, protocol, endpoint, service]
  return new Promise((done, fail) =>
    execFile(program, args, { timeout: sendTimeoutMs }, (error, stdout, stderr) =>
      error
        ? fail(new Error(`cannot send from ${name}: ${error.message}\n${stderr}`))
        : done({ service, traces: sentTraces(stdout) }),
    ),
  )
}
