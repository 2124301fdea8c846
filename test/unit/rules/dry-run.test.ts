import { expect, test } from 'vitest'
import type { IngestRule } from '../../../collector/record/ingest-rule.ts'
import type { OtlpSignal } from '../../../collector/record/otlp.ts'
import { dryRun } from '../../../collector/wire/rules/dry-run.ts'
import { nowMs } from '../wire/build.ts'
import { attributesOf, bodyOf, gauge, log, type Sent, span } from './rule-cases.ts'

const run = (rules: readonly IngestRule[], signal: OtlpSignal, sent: Sent, itemsMax = 5) =>
  dryRun({ rules, hashKey: '' }, { request: JSON.parse(bodyOf(signal, sent).toString()), nowMs, itemsMax })

test('says of every rule how many items meet it and how many it takes away, and shows what changes', () => {
  const rules: IngestRule[] = [
    { name: 'owner', action: { remove: ['owner'] } },
    { name: 'health', match: { operation: 'GET /healthz' }, action: 'drop' },
    { name: 'unused', match: { operation: 'x' }, action: 'drop' },
    { name: 'mail', target: 'items', action: { redact: { keys: ['mail'] } } },
    { name: 'half', action: { sample: { ratio: 0.5 } } },
  ]
  const kept = { traceId: 'ff'.repeat(16) }
  const items = [
    span({ ...kept, name: 'GET /healthz' }),
    span({ ...kept, attributes: { mail: 'a@b.c' } }),
    span({ traceId: `ff${'00'.repeat(15)}` }),
    span({ spanId: '' }),
  ]
  expect(run(rules, 'traces', { resource: { 'service.name': 'shop', owner: 'me' }, items })).toEqual({
    signal: 'traces',
    received: 4,
    stored: 1,
    rejected: 1,
    weight: 2,
    rules: [
      { name: 'owner', meets: 4, filtered: 0 },
      { name: 'health', meets: 1, filtered: 1 },
      { name: 'unused', meets: 0, filtered: 0 },
      { name: 'mail', meets: 2, filtered: 0 },
      { name: 'half', meets: 2, filtered: 1 },
    ],
    items: [
      { item: 'span "GET /healthz" of shop', filteredBy: 'health', changes: [] },
      {
        item: 'span "GET /" of shop',
        changes: [
          { at: 'resource.attributes.owner', before: 'me', after: undefined },
          { at: 'attributes.mail', before: 'a@b.c', after: '***' },
          { at: 'trace_state', before: '', after: 'ot=th:8' },
          { at: 'weight', before: '1', after: '2' },
        ],
      },
      { item: 'span "GET /" of shop', filteredBy: 'half', changes: [] },
    ],
  })
})

test('log records and single data points', () => {
  const rules: IngestRule[] = [{ name: 'x', match: { attributes: { k: 'x' } }, action: 'drop' }]
  const points = ['x', 'y'].map((k) => ({ asInt: 1, attributes: attributesOf({ k }) }))
  const ofMetrics = run(rules, 'metrics', { items: [gauge({ gauge: { dataPoints: points } })] })
  expect([ofMetrics.received, ofMetrics.stored, ofMetrics.rules[0]?.filtered]).toEqual([2, 1, 1])
  const ofLogs = run(rules, 'logs', { items: [log({ body: 'b', attributes: { k: 'x' } }), log()] }, 1)
  expect(ofLogs.items).toEqual([{ item: 'log record "b" of unknown_service', filteredBy: 'x', changes: [] }])
})

test.each([[{}], [[]], ['text'], [{ resourceSpans: {} }]])('%j is no request', (request) => {
  expect(() => dryRun({ rules: [], hashKey: '' }, { request, nowMs, itemsMax: 1 })).toThrow(
    'it is no OTLP/JSON',
  )
})
