import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasHelm, render } from '../support/helm.ts'
import { eventually, freePort, type TestProcess } from '../support/processes.ts'
import { compareRights, grantsOf } from '../support/rights.ts'
import { canary } from './canary.ts'
import { disconnection } from './disconnection.ts'
import { injection } from './injection.ts'
import { type Stack, startStack } from './stack.ts'

/**
 * The main job with real processes: `binnacle serve` on the embedded ClickHouse, `binnacle agent` on the fake Kubernetes API
 * server, and the demo services under the zero-code instrumentation. The tests follow one another on one stack.
 */
const outageMs = Number(process.env['BINNACLE_E2E_OUTAGE_MS'] ?? 25_000)

let stack: Stack

beforeAll(async () => {
  stack = await startStack()
}, 120_000)
afterAll(() => stack?.close(), 60_000)

interface SpanId {
  readonly id: string
}

async function storedSpans(): Promise<string[]> {
  const rows = await stack.query<SpanId>(
    `SELECT concat(lower(hex(trace_id)), '/', lower(hex(span_id))) AS id FROM spans`,
  )
  return rows.map(({ id }) => id)
}

/** Until every span that an SDK was told is accepted can be read, and no more come. */
async function settledSpans(): Promise<string[]> {
  let before = -1
  return eventually(
    'all accepted spans are stored',
    async () => {
      const stored = await storedSpans()
      const sent = stack.tee.accepted.size
      const settled = sent > 0 && sent === before && stored.length >= sent
      before = sent
      return settled ? stored : undefined
    },
    {
      withinMs: 90_000,
      everyMs: 1_500,
      hint: () => `${stack.tee.accepted.size} accepted\n${stack.agent().output().slice(-2_000)}`,
    },
  )
}

function expectEqualSpans(stored: readonly string[]): void {
  const distinct = new Set(stored)
  expect({
    missing: [...stack.tee.accepted].filter((id) => !distinct.has(id)).length,
    unknown: [...distinct].filter((id) => !stack.tee.accepted.has(id)).length,
    doubled: stored.length - distinct.size,
  }).toEqual({ missing: 0, unknown: 0, doubled: 0 })
}

describe('the main job', () => {
  test('spans that the demo services sent equal spans stored, enriched by their pods', {
    timeout: 180_000,
  }, async () => {
    const shop = (name: string) => {
      const found = stack.kube.get('Pod', { namespace: 'shop', name })
      if (!found) throw new Error(`no pod ${name}`)
      return found
    }
    const databasePort = String(await freePort())
    const ports = await Promise.all([freePort(), freePort(), freePort()])
    const url = (index: number) => `http://127.0.0.1:${ports[index]}`
    const database = { DATABASE_PORT: databasePort }
    const listening = (app: TestProcess) =>
      eventually('the service listens', () => (/listens|takes jobs/.test(app.output()) ? true : undefined), {
        hint: app.output,
      })

    await listening(
      stack.startApp('postgres.ts', shop('ordini-v1'), { PORT: databasePort, OTEL_SDK_DISABLED: 'true' }),
    )
    const apps = [
      stack.startApp('benigno.ts', shop('benigno-v1'), {
        PORT: String(ports[0]),
        ERROR_RATIO: '0',
        SLOW_RATIO: '0',
      }),
      stack.startApp('benigno.ts', shop('benigno-v2'), { PORT: String(ports[1]), SLOW_RATIO: '0' }),
      stack.startApp('ordini.ts', shop('ordini-v1'), { PORT: String(ports[2]), ...database }),
      stack.startApp('spedizioni.ts', shop('spedizioni-v1'), database),
      stack.startApp('magnanimo.ts', shop('magnanimo-1-4-0'), {
        BENIGNO: `90=${url(0)},10=${url(1)}`,
        ORDINI: url(2),
      }),
    ]
    for (const app of apps) await listening(app)
    for (let request = 0; request < 120; request++) await (await fetch(`${stack.appUrl}/hw2`)).arrayBuffer()

    expectEqualSpans(await settledSpans())
    const tiers = await stack.query<{
      service: string
      versions: string[]
      pods: string[]
      clusters: number
    }>(
      `SELECT service, arraySort(groupUniqArray(version)) AS versions, arraySort(groupUniqArray(pod)) AS pods,
              uniqExact(cluster_id) AS clusters
       FROM spans GROUP BY service ORDER BY service`,
    )
    expect(tiers).toMatchObject([
      { service: 'benigno', versions: ['v1', 'v2'], pods: ['benigno-v1', 'benigno-v2'] },
      { service: 'magnanimo', versions: ['1.4.0'], pods: ['magnanimo-1-4-0'] },
      { service: 'ordini', versions: ['v1'] },
      { service: 'spedizioni', versions: ['v1'] },
    ])
  })

  test('the flow map shows every tier, the database and the queue hop', async () => {
    const map = (await (
      await fetch(`${stack.serviceUrl}/api/v1/applications/shop/flow-map?from=now-15m`)
    ).json()) as {
      nodes: { id: string; versions: { version: string }[] }[]
      edges: { from: string; to: string; async: boolean }[]
    }
    const ids = map.nodes.map(({ id }) => id)
    expect(ids).toEqual(
      expect.arrayContaining(['tier:magnanimo', 'tier:benigno', 'tier:ordini', 'tier:spedizioni', 'client']),
    )
    expect(map.edges).toContainEqual(
      expect.objectContaining({ from: 'tier:ordini', to: 'tier:spedizioni', async: true }),
    )
    expect(
      map.edges.some(({ from, to }) => from === 'tier:ordini' && to.startsWith('backend:postgresql')),
    ).toBe(true)
  })

  test('a namespace labelled later appears within 5 s with its last hour of events', async () => {
    expect(await stack.query(`SELECT 1 FROM k8s_objects WHERE namespace = 'later'`)).toEqual([])
    stack.kube.patch(
      'Namespace',
      { name: 'later' },
      { metadata: { labels: { 'binnacle.dev/collect': 'enabled' } } },
    )
    const labelledAt = performance.now()
    const events = await eventually(
      'pods and events of the namespace',
      async () => {
        const pods = await stack.query(
          `SELECT 1 FROM k8s_objects FINAL WHERE kind = 'Pod' AND namespace = 'later'`,
        )
        const rows = await stack.query<{ reason: string; count: number }>(
          `SELECT reason, count FROM k8s_events FINAL WHERE namespace = 'later' ORDER BY first_time`,
        )
        return pods.length > 0 && rows.length === 2 ? rows : undefined
      },
      { withinMs: 5_000, hint: () => stack.agent().output().slice(-2_000) },
    )
    expect(performance.now() - labelledAt).toBeLessThan(5_000)
    expect(events).toEqual([
      { reason: 'Pulled', count: 1 },
      { reason: 'BackOff', count: 7 },
    ])
  })

  test('an unlabelled namespace leaves no row of any kind', async () => {
    const dark = stack.kube.get('Pod', { namespace: 'dark', name: 'segreto-v1' })
    const answer = await fetch(`${stack.otlpUrl}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(
        traceRequest({
          'service.name': 'segreto',
          'k8s.namespace.name': 'dark',
          'k8s.pod.uid': dark?.metadata.uid ?? '',
        }),
      ),
    })
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({
      partialSuccess: {
        rejectedSpans: '1',
        errorMessage: expect.stringContaining('namespace dark is not collected'),
      },
    })
    stack.kube.patch('Pod', { namespace: 'dark', name: 'segreto-v1' }, { status: { phase: 'Failed' } })
    await new Promise((done) => setTimeout(done, 2_000))

    const tables = await stack.query<{ table: string; column: string }>(
      `SELECT table, name AS column FROM system.columns
       WHERE database = 'binnacle' AND table NOT LIKE '.%' AND (type ILIKE '%String%')`,
    )
    expect(new Set(tables.map(({ table }) => table)).size).toBeGreaterThan(8)
    const traces: string[] = []
    for (const { table, column } of tables) {
      // Its name alone, so that it can be chosen: record/remote-config.ts NamespacesReport.
      const name = table === 'agent_namespaces' ? '' : '\\\\bdark\\\\b|'
      const [row] = await stack.query<{ rows: number }>(
        `SELECT countIf(match(toString(${column}), '${name}segreto|${dark?.metadata.uid}')) AS rows FROM ${table}`,
      )
      if (Number(row?.rows) > 0) traces.push(`${table}.${column}`)
    }
    expect(traces).toEqual([])
  })

  test('bad input gets the specified answer and the processes live on', async () => {
    const bad: readonly [what: string, init: RequestInit, path: string, status: number][] = [
      [
        'junk bytes',
        post('application/x-protobuf', Buffer.from('junk bytes, not protobuf')),
        '/v1/traces',
        400,
      ],
      [
        'truncated protobuf',
        post('application/x-protobuf', Buffer.from([0x0a, 0xff, 0x01, 0x0a])),
        '/v1/traces',
        400,
      ],
      ['broken JSON', post('application/json', Buffer.from('{"resourceSpans": [')), '/v1/traces', 400],
      ['wrong content type', post('text/plain', Buffer.from('x')), '/v1/traces', 415],
      [
        'broken gzip',
        post('application/x-protobuf', Buffer.from('x'), { 'content-encoding': 'gzip' }),
        '/v1/traces',
        400,
      ],
      ['zip bomb', post('application/x-protobuf', bomb(), { 'content-encoding': 'gzip' }), '/v1/traces', 413],
      ['unknown path', post('application/json', Buffer.from('{}')), '/v1/nothing', 404],
      ['wrong method', { method: 'GET' }, '/v1/traces', 405],
    ]
    for (const base of [stack.serviceUrl, stack.otlpUrl]) {
      for (const [what, init, path, status] of bad) {
        const answer = await fetch(base + path, init)
        expect({ what, status: answer.status }).toEqual({ what, status })
        await answer.arrayBuffer()
      }
    }
    expect((await fetch(`${stack.serviceUrl}/readyz`)).status).toBe(200)
    expect((await fetch(`${stack.agentUrl}/readyz`)).status).toBe(200)
  })

  test(`a service killed and away for ${outageMs / 1000} s under load loses and doubles nothing`, {
    timeout: outageMs + 180_000,
  }, async () => {
    const driver = startLoad(`${stack.appUrl}/hw2`)
    await new Promise((done) => setTimeout(done, 3_000))
    await stack.service().kill('SIGKILL')
    await new Promise((done) => setTimeout(done, outageMs))
    await stack.startService()
    await new Promise((done) => setTimeout(done, 3_000))
    expect(await driver.stop()).toBeGreaterThan(outageMs / 1000)
    expectEqualSpans(await settledSpans())

    const duplicates = await stack.query<{ table: string; doubled: number }>(`
        SELECT 'k8s_events' AS table, count() - uniqExact(event_uid, resource_version) AS doubled FROM k8s_events
        UNION ALL SELECT 'k8s_changes', count() - uniqExact(change_id) FROM k8s_changes
        UNION ALL SELECT 'metrics', count() - uniqExact(metric, resource_id, container, time) FROM metrics`)
    expect(duplicates.filter(({ doubled }) => Number(doubled) !== 0)).toEqual([])
  })

  disconnection(() => stack)

  canary(() => stack)

  injection(() => stack)

  test.skipIf(!hasHelm)('the agent asked for nothing that its chart does not grant', () => {
    const accesses = stack.kube.accesses().filter(({ client }) => client === 'binnacle-agent')
    expect(accesses.length).toBeGreaterThan(10)
    const grants = grantsOf(render('binnacle-agent'), 'test-binnacle-agent')
    expect(compareRights(grants, accesses).ungranted).toEqual([])
  })

  test('the ledgers balance: received = stored + rejected + duplicate + failed', async () => {
    const text = await (await fetch(`${stack.serviceUrl}/metrics`)).text()
    for (const signal of ['traces', 'logs']) {
      const sum = (name: string) =>
        [
          ...text.matchAll(
            new RegExp(`^binnacle_service_ingest_items_${name}_total\\{([^}]*)\\} (\\d+)`, 'gm'),
          ),
        ]
          .filter(([, labels]) => labels?.includes(`signal="${signal}"`))
          .reduce((total, [, , value]) => total + Number(value), 0)
      if (signal === 'traces') expect(sum('received')).toBeGreaterThan(0)
      expect(sum('received')).toBe(sum('stored') + sum('rejected') + sum('duplicate') + sum('failed'))
    }
  })
})

function post(type: string, body: Uint8Array, headers: Record<string, string> = {}): RequestInit {
  return { method: 'POST', headers: { 'content-type': type, ...headers }, body: Buffer.from(body) }
}

/** 200 MiB of zeros in about 200 KiB. */
function bomb(): Uint8Array {
  return gzipSync(Buffer.alloc(200 * 1024 ** 2))
}

function traceRequest(resource: Record<string, string>) {
  const attributes = Object.entries(resource).map(([key, value]) => ({ key, value: { stringValue: value } }))
  const nowNs = `${Date.now()}000000`
  const span = {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    name: 'GET',
    kind: 2,
    startTimeUnixNano: nowNs,
    endTimeUnixNano: nowNs,
  }
  return { resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans: [span] }] }] }
}

/** About ten requests a second until it is stopped; resolves to how many were answered. */
function startLoad(url: string): { stop(): Promise<number> } {
  let answered = 0
  let going = true
  const loop = (async () => {
    while (going) {
      await fetch(url, { signal: AbortSignal.timeout(10_000) })
        .then((response) => response.arrayBuffer())
        .then(() => answered++)
        .catch(() => {})
      await new Promise((done) => setTimeout(done, 80))
    }
  })()
  return {
    async stop() {
      going = false
      await loop
      return answered
    },
  }
}
