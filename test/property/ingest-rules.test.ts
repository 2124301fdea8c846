import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeLogs } from '../../collector/wire/log-decoder.ts'
import { decodeMetrics } from '../../collector/wire/metric-decoder.ts'
import { resourceRow } from '../../collector/wire/resource.ts'
import { type CompiledRules, compileRules } from '../../collector/wire/rules/compile-rules.ts'
import { decodeTraces } from '../../collector/wire/trace-decoder.ts'
import { weightOf } from '../../collector/wire/weight.ts'
import { type Field, type Message, nowNs, requests, toProtobuf } from './wire-model.ts'

const seed = Number(process.env['BINNACLE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const traces = 30_000

/** A small generator of its own (mulberry32), so that a seed gives the same traces everywhere. */
function createRandom(from: number): () => number {
  let state = from
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Trace {
  readonly id: Buffer
  readonly spans: number
  /** What a sampler before us wrote; it stands for `before` traces. */
  readonly traceState: string
  readonly before: number
}

/** A quarter of the traces comes from senders that keep a half, by the same bits. */
function trace(random: () => number): Trace | undefined {
  const id = Buffer.from(Array.from({ length: 16 }, () => Math.floor(random() * 256)))
  const spans = 1 + Math.floor(random() * 20)
  if (random() >= 0.25) return { id, spans, traceState: '', before: 1 }
  return (id[9] ?? 0) >= 0x80 ? { id, spans, traceState: 'vendor=1,ot=th:8', before: 2 } : undefined
}

const facts = { operation: '', kind: 0, status: 0, duration_ns: 0n, attributes: new Map<string, string>() }

function samplerOf(ratio: number) {
  const rules = compileRules({ rules: [{ name: 'sample', action: { sample: { ratio } } }], hashKey: '' })
  const decoded = resourceRow(new Map([['service.name', 'shop']]), '', 0)
  const sampler = rules?.forResource('traces', decoded).items?.spanFilter
  if (!sampler) throw new Error('sampling alone is decided by the ids')
  return (one: Trace) => {
    const sampled = sampler.decide({ ...facts, trace_state: one.traceState }, one.id, 0)
    if (sampled === undefined) throw new Error('a sampled span says so')
    return sampled
  }
}

describe.each([0.5, 0.3, 0.1, 0.01])(`a share of %d is kept (seed ${seed})`, (ratio) => {
  const random = createRandom(seed)
  const decide = samplerOf(ratio)
  const all = Array.from({ length: traces }, () => trace(random)).filter((one) => one !== undefined)

  test('the weights sum to the true count of spans, within five standard deviations', () => {
    let truth = 0
    let sum = 0
    let variance = 0
    for (const one of all) {
      truth += one.spans * one.before
      const sampled = decide(one)
      if (typeof sampled !== 'string') sum += one.spans * sampled.weight
      // A kept trace stands for 1/share times its spans; what was sampled before is kept with the rest of the share.
      const share = Math.min(1, ratio * one.before)
      variance += (one.spans * one.before) ** 2 * ((1 - share) / share)
    }
    expect(Math.abs(sum - truth)).toBeLessThan(5 * Math.sqrt(variance) + 1e-6 * truth)
    expect(sum).toBeGreaterThan(0)
  })

  test('the trace state says the weight, and other members of it stay', () => {
    for (const one of all) {
      const sampled = decide(one)
      if (typeof sampled === 'string') continue
      expect(sampled.weight).toBeCloseTo(weightOf(sampled.traceState), 6)
      expect(sampled.traceState.includes('vendor=1')).toBe(one.traceState !== '')
    }
  })

  test('what is kept at this share is kept at every larger one, in whichever service', () => {
    const larger = samplerOf(ratio * 1.5)
    for (const one of all) if (typeof decide(one) !== 'string') expect(typeof larger(one)).not.toBe('string')
  })

  test('sampling what was sampled changes nothing: the second of two services in a row agrees', () => {
    for (const one of all) {
      const first = decide(one)
      if (typeof first !== 'string') expect(decide({ ...one, traceState: first.traceState })).toEqual(first)
    }
  })
})

/** Every text of a request, whatever it is for, ends in the secret. */
const needle = 'S3CR3T-42'
function withSecrets(message: Message): Message {
  return message.map((field): Field => {
    if (field.as === 'text') return { ...field, value: field.value + needle }
    if (field.as === 'message') return { ...field, value: withSecrets(field.value) }
    if (field.as === 'messages') return { ...field, value: field.value.map(withSecrets) }
    return field
  })
}

function leaks(row: object): string[] {
  const holds = (value: unknown): boolean => {
    if (typeof value === 'string') return value.includes(needle)
    if (value instanceof Map) return [...value].some(([key, one]) => holds(key) || holds(one))
    return Array.isArray(value) && value.some(holds)
  }
  return Object.entries(row).flatMap(([column, value]) => (holds(value) ? [column] : []))
}

describe.each(['traces', 'logs', 'metrics'] as const)('%s of any shape', (signal) => {
  const decode = (body: Uint8Array, rules: CompiledRules | undefined) => {
    const request = { signal, encoding: 'protobuf' as const, body }
    const context = { receivedAtMs: Number(nowNs / 1_000_000n), batchId: '', rules }
    const decoded = { traces: decodeTraces, logs: decodeLogs, metrics: decodeMetrics }[signal](
      request,
      context,
    )
    if (decoded.type === 'invalid') throw new Error(decoded.message)
    const rows: object[] = decoded.rows.map((one) => ('row' in one ? one.row : one))
    return [...rows, ...decoded.resources]
  }
  test.each([[[needle]], [['/S3CR3T-\\d+/']]])(`redacted by %s, hold it nowhere (seed ${seed})`, (values) => {
    const rules = compileRules({ rules: [{ name: 'r', action: { redact: { values } } }], hashKey: '' })
    let there = 0
    fc.assert(
      fc.property(requests[signal], (model) => {
        const body = toProtobuf(withSecrets(model))
        there += decode(body, undefined).flatMap(leaks).length
        expect(decode(body, rules).flatMap(leaks)).toEqual([])
      }),
      { numRuns: 60, seed },
    )
    expect(there).toBeGreaterThan(100)
  })
})
