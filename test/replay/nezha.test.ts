import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FlowMap, OperationList, TraceDetail } from '../../collector/service/api/schema/applications.ts'
import { type NezhaRow, nezhaApplication, readNezhaFaults, serviceOfPod } from '../support/replay/nezha.ts'
import { hitsOf, type RankedFault, rankFault, type Setting, settings } from '../support/replay/nezha-hints.ts'
import { type Product, startProduct } from '../support/replay/product.ts'
import { nezhaShiftMs, sendNezha } from '../support/replay/send-nezha.ts'
import { sharedFolder } from '../support/replay/shared-data.ts'

const data = sharedFolder('traces', 'nezha')

/** What a plain reading of the files adds up to. */
interface Facts {
  spans: number
  readonly entries: Map<string, { calls: number; totalNs: bigint; longestNs: bigint }>
  readonly edges: Map<string, { calls: number; totalNs: bigint }>
  readonly traces: Map<string, NezhaRow[]>
}

describe.skipIf(data.missing)(
  'Nezha: Online Boutique with injected faults (../shared/data/traces/nezha)',
  () => {
    let product: Product
    const shiftMs = nezhaShiftMs(Date.now())
    const day = { from: Date.UTC(2022, 7, 22, 3, 50) + shiftMs, to: Date.UTC(2022, 7, 22, 8) + shiftMs }
    const facts: Facts = { spans: 0, entries: new Map(), edges: new Map(), traces: new Map() }

    beforeAll(async () => {
      product = await startProduct()
      await sendNezha(product, {
        folder: data.path,
        shiftMs,
        onRow: (row, parent) => count(facts, row, parent),
      })
      await product.rolledUp()
    })
    afterAll(() => product?.close())

    test('every span is stored once, though the files of neighbouring minutes overlap', async () => {
      const [row] = await product.clickHouse.store.query<{ spans: number }>({
        sql: 'SELECT toFloat64(count()) AS spans FROM spans FINAL',
        params: {},
      })
      expect(row?.spans).toBe(facts.spans)
      expect(facts.spans).toBeGreaterThan(800_000)
    })

    test('the operations have the calls, mean and longest duration of the files', async () => {
      const { operations } = await product.get<OperationList>(
        `/applications/${nezhaApplication}/operations`,
        day,
      )
      const shown = operations.map((row) => [
        `${row.service} ${row.operation}`,
        { calls: row.red.calls, meanMs: row.red.meanMs?.toFixed(3), maxMs: row.red.maxMs?.toFixed(3) },
      ])
      const counted = [...facts.entries].map(([name, { calls, totalNs, longestNs }]) => [
        name,
        {
          calls,
          meanMs: (Number(totalNs) / calls / 1e6).toFixed(3),
          maxMs: (Number(longestNs) / 1e6).toFixed(3),
        },
      ])
      expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(counted))
    })

    test('the flow map has exactly the edges of the files, with their round trips', async () => {
      const { edges } = await product.get<FlowMap>(`/applications/${nezhaApplication}/flow-map`, day)
      const shown = edges.map((edge) => [
        `${edge.from} ${edge.to}`,
        { calls: edge.red.calls, meanMs: edge.red.meanMs?.toFixed(3), async: edge.async },
      ])
      const counted = [...facts.edges].map(([name, { calls, totalNs }]) => [
        name,
        { calls, meanMs: (Number(totalNs) / calls / 1e6).toFixed(3), async: false },
      ])
      expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(counted))
    })

    test('traces are the trees of the files', async () => {
      expect(facts.traces.size).toBe(20)
      for (const [traceId, rows] of facts.traces) {
        const trace = await product.get<TraceDetail>(`/traces/${traceId}`)
        const tree = (all: readonly { spanId: string; parent: string; service: string }[]) =>
          all.map((one) => `${one.spanId} ${one.parent} ${one.service}`).sort()
        expect(tree(trace.spans.map((span) => ({ ...span, parent: span.parentSpanId })))).toEqual(
          tree(
            rows.map((row) => ({ spanId: row.spanId, parent: row.parentId, service: serviceOfPod(row.pod) })),
          ),
        )
        expect(trace.orphans).toBe(0)
      }
    })

    test('the faulty service is among the first three causes in 80 % of the faults and first in half of them', async () => {
      const [setting] = settings as readonly [Setting, ...Setting[]]
      const ranked: RankedFault[] = []
      for (const fault of readNezhaFaults(data.path))
        ranked.push(await rankFault(product, { fault, setting, shiftMs }))
      const report = ranked.map(({ fault, rank }) => `${fault.service} ${fault.kind}: ${rank}`).join('\n')
      // Odd and even ones apart, too: no half is to carry the other. Of two the files have neither spans nor more use.
      const everyOther = (from: number) => ranked.filter((_, at) => at % 2 === from)
      for (const some of [ranked, everyOther(0), everyOther(1)]) {
        const { faults, first, amongThree } = hitsOf(some)
        expect(amongThree / faults, report).toBeGreaterThanOrEqual(0.8)
        expect(first / faults, report).toBeGreaterThanOrEqual(0.5)
      }
    }, 240_000)
  },
)

const tracesKept = 20

function count(facts: Facts, row: NezhaRow, parent: NezhaRow | undefined): void {
  facts.spans++
  const durationNs = row.endNs - row.startNs
  const service = serviceOfPod(row.pod)
  const kept = facts.traces.get(row.traceId)
  if (kept) kept.push(row)
  else if (facts.traces.size < tracesKept) facts.traces.set(row.traceId, [row])
  if (parent?.pod === row.pod) return
  const name = `${service} ${row.operation}`
  const entry = facts.entries.get(name) ?? { calls: 0, totalNs: 0n, longestNs: 0n }
  entry.calls++
  entry.totalNs += durationNs
  if (durationNs > entry.longestNs) entry.longestNs = durationNs
  facts.entries.set(name, entry)
  const from = parent ? `tier:${serviceOfPod(parent.pod)}` : 'client'
  const edge = facts.edges.get(`${from} tier:${service}`) ?? { calls: 0, totalNs: 0n }
  edge.calls++
  edge.totalNs += parent ? parent.endNs - parent.startNs : durationNs
  facts.edges.set(`${from} tier:${service}`, edge)
}
