import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TraceList } from '../../collector/service/api/schema/applications.ts'
import { type Product, startProduct } from '../support/replay/product.ts'
import { sharedFolder } from '../support/replay/shared-data.ts'

const data = sharedFolder('traces', 'jaeger')

interface JaegerQuery {
  readonly Caption: string
  readonly Query: {
    readonly ServiceName: string
    readonly OperationName: string
    readonly Tags: Readonly<Record<string, string | number | boolean>> | null
    readonly StartTimeMin: string
    readonly StartTimeMax: string
    /** ns; 0: any. */
    readonly DurationMin: number
    readonly DurationMax: number
    readonly NumTraces: number
  }
  readonly ExpectedFixtures: readonly string[]
}

const read = <T>(name: string): T => JSON.parse(readFileSync(join(data.path, name), 'utf8')) as T
const queries = data.missing ? [] : read<JaegerQuery[]>('queries.json')

describe.skipIf(data.missing)("Jaeger's storage conformance (../shared/data/traces/jaeger)", () => {
  let product: Product
  // Recorded in January 2017, sent as of a few days ago, at the same time of day: retention would take them else.
  const dayMs = 86_400_000
  const shiftMs = Math.floor((Date.now() - Date.UTC(2017, 0, 27, 12)) / dayMs) * dayMs
  const traceIdOf = new Map<string, string>()

  beforeAll(async () => {
    product = await startProduct()
    for (const name of readdirSync(data.path).filter((one) => one !== 'queries.json')) {
      const text = readFileSync(join(data.path, name), 'utf8')
      traceIdOf.set(name.replace('.json', ''), /"traceId": "([0-9a-f]{32})"/.exec(text)?.[1] ?? '')
      const shifted = text.replaceAll(/UnixNano": "(\d+)"/g, (_, ns: string) => {
        return `UnixNano": "${BigInt(ns) + BigInt(shiftMs) * 1_000_000n}"`
      })
      await product.send('traces', shifted)
    }
  })
  afterAll(() => product?.close())

  test.each(queries)('$Caption', async ({ Query, ExpectedFixtures }) => {
    const { traces } = await product.get<TraceList>('/traces', parametersOf(Query, shiftMs))
    expect(traces.map((trace) => trace.traceId).sort()).toEqual(
      ExpectedFixtures.map((name) => traceIdOf.get(name)).sort(),
    )
  })
})

function parametersOf(query: JaegerQuery['Query'], shiftMs: number): Record<string, string | number> {
  const { ServiceName, OperationName, Tags, DurationMin, DurationMax } = query
  const pairs = Object.entries(Tags ?? {}).map(([key, value]) => `${key}=${value}`)
  return {
    from: Math.floor(Date.parse(query.StartTimeMin) + shiftMs),
    to: Math.floor(Date.parse(query.StartTimeMax) + shiftMs),
    service: ServiceName,
    limit: query.NumTraces,
    ...(OperationName ? { operation: OperationName } : {}),
    ...(pairs.length > 0 ? { attributes: pairs.join(',') } : {}),
    ...(DurationMin > 0 ? { minMs: DurationMin / 1e6 } : {}),
    ...(DurationMax > 0 ? { maxMs: DurationMax / 1e6 } : {}),
  }
}
