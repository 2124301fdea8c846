import { expect, test } from 'vitest'
import { createAgentLedger, type LaneGauges } from '../../../collector/agent/metrics.ts'
import { createSelfMetrics } from '../../../collector/std/self-metrics.ts'
import { scrape } from '../ingest/scrape.ts'

const nowMs = 1_700_000_000_000
const traces = { lane: 'traces', signal: 'traces' } as const
const idle: LaneGauges = {
  lane: 'logs',
  spoolBytes: 0,
  memoryBytes: 0,
  oldestMs: undefined,
  inFlight: 0,
  damagedSegments: 0,
  tornBytes: 0,
  queued: {},
}

test('8.1/16 self metrics of the spool: its bytes, the age of its oldest batch, drops and rejects by reason', async () => {
  const metrics = createSelfMetrics({ part: 'agent', version: '0', instanceId: 'i' })
  const busy: LaneGauges = { ...idle, lane: 'traces', spoolBytes: 4_096, oldestMs: nowMs - 90_000 }
  const ledger = createAgentLedger(metrics, { lanes: () => [busy, idle], nowMs: () => nowMs })
  ledger.received(traces, 10)
  ledger.rejected(traces, 2, 'namespace-not-selected')
  ledger.dropped(traces, 3, 'spool-full')
  ledger.dropped(traces, 4, 'memory-full')
  const shown = await scrape(metrics)
  const sum = (name: string, labels: Record<string, string>) => shown.sum(`binnacle_agent_${name}`, labels)
  expect({
    bytes: sum('spool_bytes', { lane: 'traces' }),
    age: [sum('spool_oldest_seconds', { lane: 'traces' }), sum('spool_oldest_seconds', { lane: 'logs' })],
    received: sum('items_received_total', { lane: 'traces' }),
    rejected: sum('items_rejected_total', { reason: 'namespace-not-selected' }),
    spoolFull: sum('items_dropped_total', { reason: 'spool-full' }),
    memoryFull: sum('items_dropped_total', { reason: 'memory-full' }),
  }).toEqual({ bytes: 4_096, age: [90, 0], received: 10, rejected: 2, spoolFull: 3, memoryFull: 4 })
  await metrics.close()
})
