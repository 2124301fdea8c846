import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { IngestRule } from '../../collector/record/ingest-rule.ts'
import { spansTable } from '../../collector/record/span.ts'
import { createBlockDecoder } from '../../collector/wire/block-decoder.ts'
import { nativeOf, TableBlock } from '../../collector/wire/columns/table-block.ts'
import { type CompiledRules, compileRules } from '../../collector/wire/rules/compile-rules.ts'
import { decodeTraces } from '../../collector/wire/trace-decoder.ts'
import { readNative } from '../support/read-native.ts'
import { mutate, mutations } from './mutations.ts'
import { nowNs, requests, toProtobuf } from './wire-model.ts'

const receivedAtMs = Number(nowNs / 1_000_000n)
const seed = Number(process.env['BINNACLE_TEST_SEED'] ?? Date.now() % 1_000_000)
const runs = Number(process.env['BINNACLE_TEST_RUNS'] ?? 2_000)

/** Rows in an order that does not depend on the blocks they came in. */
const sorted = (rows: readonly Record<string, unknown>[]) =>
  rows
    .map((row) => ({
      row,
      key: JSON.stringify(row, (_key, value) =>
        typeof value === 'bigint' ? `${value}` : value instanceof Map ? [...value] : value,
      ),
    }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ row }) => row)

const ruled: Readonly<Record<string, readonly IngestRule[]>> = {
  'sample all': [{ name: 'half', action: { sample: { ratio: 0.5 } } }],
  'drop a service': [{ name: 'drop', match: { service: 'unknown_service' }, action: 'drop' }],
  'look into spans': [{ name: 'client', match: { kind: ['client'] }, action: 'drop' }],
  'keep some and sample the rest': [
    { name: 'errors', match: { status: ['error'] }, action: 'keep' },
    { name: 'slow', match: { minDurationMs: 1_000 }, action: 'keep' },
    { name: 'tenth', action: { sample: { ratio: 0.1 } } },
  ],
  'ask for attributes': [
    { name: 'hot', match: { attributes: { 'http.method': '/.*/' } }, action: 'drop' },
    {
      name: 'other',
      match: { attributes: { 'server.port': '/[^1]*/', 'db.system': '/.*/' } },
      action: 'drop',
    },
    { name: 'empty', match: { attributes: { '': '/.*/' } }, action: 'drop' },
    {
      name: 'named',
      match: { operation: '/.*[a-m].*/', maxDurationMs: 10 },
      action: { sample: { ratio: 0.5 } },
    },
  ],
  'change spans': [{ name: 'edit', action: { rename: { 'http.method': 'http.request.method' } } }],
}

describe(`seed ${seed}`, () => {
  const decoder = createBlockDecoder()

  function expectEqual(body: Uint8Array, rules?: CompiledRules): void {
    const context = { receivedAtMs, batchId: 'batch', rules }
    const request = { signal: 'traces', encoding: 'protobuf', body } as const
    const plain = decodeTraces(request, context)
    const columnar = decoder.append(request, context)
    const blocks = decoder.seal()
    if (plain.type === 'invalid') {
      expect(columnar).toEqual(plain)
      expect(blocks).toEqual([])
      return
    }
    if (columnar.type === 'invalid') throw new Error(columnar.message)
    const want = new TableBlock(spansTable)
    for (const row of plain.rows) want.append(row)
    expect(sorted(blocks.flatMap(({ bytes }) => readNative(bytes, spansTable)))).toEqual(
      sorted(readNative(nativeOf(want), spansTable)),
    )
    const { received, rejected, messages } = plain
    expect(columnar).toMatchObject({ received, rejected, messages })
    expect([...columnar.filtered]).toEqual([...plain.filtered])
    expect(columnar.resources).toEqual(plain.resources)
    expect(columnar.parts.map(({ table, day, rows }) => `${table} ${day} ${rows}`).sort()).toEqual(
      blocks.map(({ table, day, rows }) => `${table} ${day} ${rows}`).sort(),
    )
  }

  test('whole spans: the columnar decoder gives the rows of the plain one', () => {
    fc.assert(
      fc.property(requests.traces, (model) => expectEqual(toProtobuf(model))),
      { numRuns: runs, seed },
    )
  })

  test.each(Object.keys(ruled))(
    'rules that %s: the columnar decoder gives the rows of the plain one',
    (name) => {
      const rules = compileRules({ rules: ruled[name] ?? [], hashKey: 'key' })
      fc.assert(
        fc.property(requests.traces, (model) => expectEqual(toProtobuf(model), rules)),
        { numRuns: Math.ceil(runs / 10), seed },
      )
    },
  )

  test('damaged spans: the columnar decoder gives the rows and the rejections of the plain one', () => {
    fc.assert(
      fc.property(requests.traces, mutations, (model, steps) =>
        expectEqual(mutate(toProtobuf(model), steps)),
      ),
      { numRuns: runs, seed },
    )
  })
})
