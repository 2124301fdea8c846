import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseServiceConfig } from '../../../collector/service/config.ts'
import type { ServiceConfig } from '../../../collector/service/config-schema.ts'
import { type RunningService, startService } from '../../../collector/service/main.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { jsonToProtobuf } from '../../../collector/wire/json-to-protobuf.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { exportOverGrpc } from '../../support/grpc-export.ts'

let clickHouse: TestClickHouse
let service: RunningService
let ui: string
const deps = { log: silentLog, version: '0.0.0-test' }
const configOf = (overrides: Record<string, unknown>): ServiceConfig =>
  parseServiceConfig({
    overrides: {
      'listen.port': 0,
      'otlp.grpc.port': 0,
      'otlp.http.port': 0,
      'clickhouse.url': clickHouse.url,
      'clickhouse.database': clickHouse.database,
      'ui.directory': ui,
      accessKeys: ['test-access-key'],
      ...overrides,
    },
  })

beforeAll(async () => {
  clickHouse = await startTestClickHouse()
  ui = mkdtempSync(join(tmpdir(), 'binnacle-ui-'))
  mkdirSync(join(ui, 'assets'))
  writeFileSync(join(ui, 'index.html'), '<title>Binnacle</title>')
  writeFileSync(join(ui, 'assets/app-abc123.js'), 'export {}')
  service = await startService(configOf({}), deps)
})
afterAll(async () => {
  await service?.close()
  await clickHouse?.close()
  rmSync(ui, { recursive: true, force: true })
})

const startNs = `${BigInt(Date.now() - 5_000) * 1_000_000n}`
const exportRequest = {
  resourceSpans: [
    {
      resource: {
        attributes: [
          { key: 'service.name', value: { stringValue: 'magnanimo' } },
          { key: 'service.namespace', value: { stringValue: 'shop' } },
        ],
      },
      scopeSpans: [
        {
          spans: [
            {
              traceId: '0af7651916cd43dd8448eb211c80319c',
              spanId: 'b7ad6b7169203331',
              name: 'GET /hw2',
              kind: 2,
              startTimeUnixNano: startNs,
              endTimeUnixNano: `${BigInt(startNs) + 7_000_000n}`,
            },
          ],
        },
      ],
    },
  ],
}
const send = (headers: Record<string, string>) =>
  fetch(`${service.url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(exportRequest),
  })

test('a span that was accepted is in the next answer of the API, on the same port', async () => {
  const accepted = await send({ authorization: 'Bearer test-access-key' })
  expect(accepted.status).toBe(200)
  const { applications } = (await (await fetch(`${service.url}/api/v1/applications`)).json()) as {
    applications: { application: string; red: { calls: number } }[]
  }
  expect(applications).toMatchObject([{ application: 'shop', red: { calls: 1 } }])
})

test('a span that was accepted over gRPC is in the next answer of the API', async () => {
  const calls = async () => {
    const answer = await fetch(`${service.url}/api/v1/applications`)
    const { applications } = (await answer.json()) as { applications: { red: { calls: number } }[] }
    return applications[0]?.red.calls ?? 0
  }
  const before = await calls()
  const json = JSON.stringify(exportRequest).replace('b7ad6b7169203331', 'b7ad6b7169203332')
  const body = jsonToProtobuf('traces', Buffer.from(json))
  const call = await exportOverGrpc(service.grpc, body, { authorization: 'Bearer test-access-key' })
  expect(call.length).toBe(0)
  expect(await calls()).toBe(before + 1)
})

test('senders and agents without an access key are refused', async () => {
  expect((await send({})).status).toBe(401)
  const opamp = await fetch(`${service.url}/v1/opamp`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: new Uint8Array(0),
  })
  expect(opamp.status).toBe(401)
})

test('health, metrics and OpenAPI answer', async () => {
  const read = async (path: string) => {
    const response = await fetch(`${service.url}${path}`)
    return { status: response.status, text: await response.text() }
  }
  expect(await read('/livez')).toEqual({ status: 200, text: 'ok\n' })
  expect(await read('/readyz')).toEqual({ status: 200, text: 'ok\n' })
  const metrics = (await read('/metrics')).text
  expect(metrics).toContain('binnacle_service_ingest_items_stored_total')
  expect(metrics).toContain('route="/api/v1/applications"')
  expect(JSON.parse((await read('/openapi.json')).text).paths).toHaveProperty('/api/v1/clusters')
})

describe('the web UI', () => {
  const cases: [path: string, status: number, type: string, cache: string][] = [
    ['/', 200, 'text/html; charset=utf-8', 'no-cache'],
    ['/clusters/demo/pods?status=Pending', 200, 'text/html; charset=utf-8', 'no-cache'],
    ['/applications/my.app', 200, 'text/html; charset=utf-8', 'no-cache'],
    [
      '/assets/app-abc123.js',
      200,
      'application/javascript; charset=utf-8',
      'public, max-age=31536000, immutable',
    ],
    ['/assets/gone.js', 404, 'application/json; charset=utf-8', ''],
    ['/api/v1/nothing', 404, 'application/json; charset=utf-8', ''],
    ['/../package.json', 404, 'application/json; charset=utf-8', ''],
  ]
  test.each(cases)('%s', async (path, status, type, cache) => {
    const response = await fetch(`${service.url}${path}`)
    expect([response.status, response.headers.get('content-type')]).toEqual([status, type])
    if (cache) expect(response.headers.get('cache-control')).toBe(cache)
  })
})

test('a port that is taken is named', async () => {
  const { port } = new URL(service.url)
  await expect(startService(configOf({ 'listen.port': Number(port) }), deps)).rejects.toThrow(
    `cannot listen on 127.0.0.1:${port}: the port is in use`,
  )
})

test('a port for gRPC that is taken is named, and nothing stays open', async () => {
  const port = Number(service.grpc.split(':')[1])
  await expect(startService(configOf({ 'otlp.grpc.port': port }), deps)).rejects.toThrow(
    `cannot listen on 127.0.0.1:${port}: the port is in use`,
  )
})

test('a port for OTLP/HTTP that is taken is named, and nothing stays open', async () => {
  const port = Number(service.otlpHttp.split(':')[1])
  await expect(startService(configOf({ 'otlp.http.port': port }), deps)).rejects.toThrow(
    `cannot listen on 127.0.0.1:${port}: the port is in use`,
  )
})

test('the ports for OTLP can be switched off', async () => {
  const off = { 'otlp.grpc.enabled': false, 'otlp.http.enabled': false }
  const other = await startService(configOf(off), deps)
  expect([other.grpc, other.otlpHttp]).toEqual(['', ''])
  await other.close()
})

test('a ClickHouse that stays away is one sentence', async () => {
  const config = configOf({ 'clickhouse.url': 'http://127.0.0.1:9', 'clickhouse.waitSeconds': 0 })
  await expect(startService(config, deps)).rejects.toThrow(
    'cannot reach ClickHouse at http://127.0.0.1:9: no answer within 0 s',
  )
})
