import { expect } from 'vitest'
import type { Load } from './load.ts'
import { recordsPerRequest, spansPerRequest } from './requests.ts'

type Ask = <Row>(sql: string) => Promise<Row[]>

/** What was acknowledged is stored, once; nothing else is. */
export async function expectStored(ask: Ask, load: Load): Promise<{ spans: number; logs: number }> {
  const rows = await ask<{ id: string; spans: number }>(
    "SELECT hex(trace_id) AS id, toUInt32(count()) AS spans FROM spans FINAL WHERE startsWith(service, 'crash-') GROUP BY trace_id",
  )
  const stored = new Map(rows.map(({ id, spans }) => [id, Number(spans)]))
  const missing = [...load.traces].filter((id) => !stored.has(id))
  const unknown = [...stored.keys()].filter((id) => !load.traces.has(id))
  const incomplete = [...stored].filter(([, spans]) => spans !== spansPerRequest)
  expect({ missing, unknown, incomplete }).toEqual({ missing: [], unknown: [], incomplete: [] })
  const [logs] = await ask<{ records: number; different: number }>(
    "SELECT toUInt32(count()) AS records, toUInt32(uniqExact(service, body)) AS different FROM logs WHERE startsWith(service, 'crash-')",
  )
  const records = load.logs() * recordsPerRequest
  expect({ records: Number(logs?.records), different: Number(logs?.different) }).toEqual({
    records,
    different: records,
  })
  return { spans: stored.size * spansPerRequest, logs: records }
}

/** received = stored + rejected + duplicate + failed + filtered, per signal, on /metrics. */
export async function expectLedger(
  serviceUrl: string,
  signals: readonly string[] = ['traces', 'logs'],
): Promise<void> {
  const text = await (await fetch(`${serviceUrl}/metrics`)).text()
  for (const signal of signals) {
    const sum = (name: string) =>
      [...text.matchAll(new RegExp(`^binnacle_service_ingest_items_${name}_total\\{([^}]*)\\} (\\d+)`, 'gm'))]
        .filter(([, labels]) => labels?.includes(`signal="${signal}"`))
        .reduce((total, [, , value]) => total + Number(value), 0)
    expect(sum('received')).toBeGreaterThan(0)
    expect(sum('received')).toBe(
      sum('stored') + sum('rejected') + sum('duplicate') + sum('failed') + sum('filtered'),
    )
  }
}
