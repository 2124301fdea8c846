import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { IngestRule } from '../../../collector/record/ingest-rule.ts'
import { logsTable, metricsTable } from '../../../collector/record/signal.ts'
import { type ResourceRow, spansTable } from '../../../collector/record/span.ts'
import { resourceRow } from '../../../collector/wire/resource.ts'
import { compileRules } from '../../../collector/wire/rules/compile-rules.ts'
import { logTexts, metricTexts, spanTexts } from '../../../collector/wire/rules/edit-rows.ts'
import {
  attributesOf,
  gauge,
  hashKey,
  type Item,
  log,
  logs,
  metrics,
  rulesOf,
  span,
  type Texts,
  traces,
} from './rule-cases.ts'

type Action = IngestRule['action']
const plain = (value: unknown): unknown => {
  if (value instanceof Map) return Object.fromEntries(value)
  return Array.isArray(value) ? value.map(plain) : value
}
const only = <Row>({ rows }: { readonly rows: readonly Row[] }): Row => {
  const [row] = rows
  if (rows.length !== 1 || row === undefined) throw new Error(`${rows.length} rows`)
  return row
}
const hash = (value: string) => createHmac('sha256', hashKey).update(value).digest('hex').slice(0, 16)

describe('attributes of a span, and the columns that are copies of them', () => {
  const cases: [name: string, action: Action, attributes: Texts, want: Record<string, unknown>][] = [
    ['remove by name', { remove: ['a'] }, { a: 1, b: 2 }, { attributes: { b: '2' } }],
    [
      'remove by expression',
      { remove: ['/http\\..*/'] },
      { 'http.route': '/a', b: 2 },
      { attributes: { b: '2' }, http_route: '' },
    ],
    ['what is not there cannot be removed', { remove: ['x'] }, { a: 1 }, { attributes: { a: '1' } }],
    [
      'set adds and replaces',
      { set: { a: 'new', 'http.route': '/b' } },
      { a: 1 },
      { attributes: { a: 'new', 'http.route': '/b' }, http_route: '/b' },
    ],
    ['rename', { rename: { a: 'b' } }, { a: 1 }, { attributes: { b: '1' } }],
    ['rename replaces', { rename: { a: 'b' } }, { a: 1, b: 2 }, { attributes: { b: '1' } }],
    ['rename to a hot attribute', { rename: { route: 'http.route' } }, { route: '/r' }, { http_route: '/r' }],
    ['rename of nothing', { rename: { x: 'a' } }, { a: 1 }, { attributes: { a: '1' } }],
    [
      'redact a statement',
      { redact: { keys: ['db.statement'] } },
      { 'db.statement': 'SELECT 1' },
      { attributes: { 'db.statement': '***' }, db_statement: '***' },
    ],
    [
      'redact the old name of a hot attribute: the new one stays',
      { redact: { keys: ['db.statement'] } },
      { 'db.statement': 'OLD Q', 'db.query.text': 'SELECT 1' },
      { db_statement: 'SELECT 1' },
    ],
    [
      'redact with a text',
      { redact: { keys: ['k'], with: '$1$&' } },
      { k: 'value' },
      { attributes: { k: '$1$&' } },
    ],
    [
      'redact with a hash',
      { redact: { keys: ['k'], with: 'hash' } },
      { k: 'alice' },
      { attributes: { k: hash('alice') } },
    ],
    ['an empty value stays empty', { redact: { keys: ['k'] } }, { k: '' }, { attributes: { k: '' } }],
    [
      'redact what is found in a value',
      { redact: { values: ['/\\d{3}-\\d{2}/'] } },
      { k: 'a 123-45 b 678-90' },
      { attributes: { k: 'a *** b ***' } },
    ],
    [
      'redact a text in a value',
      { redact: { values: ['$x'] } },
      { k: '1$x2$x' },
      { attributes: { k: '1***2***' } },
    ],
    [
      'hash what is found',
      { redact: { values: ['/\\d+/'], with: 'hash' } },
      { k: 'id 42' },
      { attributes: { k: `id ${hash('42')}` } },
    ],
    [
      'redact in a key',
      { redact: { values: ['alice'] } },
      { 'user.alice.n': 1 },
      { attributes: { 'user.***.n': '1' } },
    ],
    [
      'a redacted status code is none',
      { redact: { keys: ['http.status_code'] } },
      { 'http.status_code': 503 },
      { http_status: 0 },
    ],
  ]
  test.each(cases)('%s', (_name, action, attributes, want) => {
    const row = only(traces(rulesOf({ action }), { items: [span({ attributes })] }))
    const found = Object.fromEntries(
      Object.keys(want).map((key) => [key, plain(row[key as keyof typeof row])]),
    )
    expect(found).toEqual(want)
  })

  test('the peer of a client span', () => {
    const item = span({ kind: 3, attributes: { 'server.address': 'db.internal', 'server.port': 5432 } })
    expect(
      only(traces(rulesOf({ action: { set: { 'peer.service': 'orders' } } }), { items: [item] })).peer,
    ).toBe('orders')
    expect(only(traces(rulesOf({ action: { remove: ['server.port'] } }), { items: [item] })).peer).toBe(
      'db.internal',
    )
  })
})

describe('redacted values leave the whole item', () => {
  const secret = 'alice "x" <a@example.com>'
  const item: Item = {
    name: `GET /users/${encodeURIComponent(secret)}`,
    traceState: `vendor=${secret}`,
    status: { code: 2, message: `no user ${secret}` },
    attributes: {
      'enduser.id': secret,
      'http.url': `/u?q=${encodeURIComponent(secret)}`,
      json: JSON.stringify({ u: secret }),
    },
    events: [
      {
        name: `seen ${secret}`,
        timeUnixNano: '1',
        attributes: attributesOf({ 'exception.message': secret }),
      },
      { name: 'exception', timeUnixNano: '1', attributes: attributesOf({ 'exception.type': `E ${secret}` }) },
    ],
    links: [
      {
        traceId: '03'.repeat(16),
        spanId: '04'.repeat(8),
        traceState: `v=${secret}`,
        attributes: attributesOf({ l: secret }),
      },
    ],
  }
  const scope = { name: `lib ${secret}`, version: secret, attributes: { s: secret } }
  const leaks = (row: object) =>
    Object.entries(row)
      .filter(([, value]) =>
        JSON.stringify(plain(value), (_, one) => (typeof one === 'bigint' ? '' : plain(one)))?.match(
          /alice|example\.com/,
        ),
      )
      .map(([column]) => column)
  const actions: [string, Action][] = [
    ['by key', { redact: { keys: ['enduser.id'] } }],
    ['by key, hashed', { redact: { keys: ['enduser.id'], with: 'hash' } }],
    ['by expression', { redact: { values: ['/alice/', '/(?:@|%40)example\\.com/'] } }],
  ]
  test.each(actions)('%s: of a span', (_name, action) => {
    expect(
      leaks(only(traces(rulesOf({ action: { set: { x: 'y' } } }), { scope, items: [span(item)] }))),
    ).toEqual(
      expect.arrayContaining([
        'operation',
        'status_message',
        'attributes',
        'exception_type',
        'scope_version',
      ]),
    )
    const row = only(traces(rulesOf({ action }), { scope, items: [span(item)] }))
    expect(leaks(row)).toEqual([])
    expect(row.events_name[1]).toBe('exception')
  })
  test.each(actions)('%s: of a log record', (_name, action) => {
    const record = {
      eventName: secret,
      severityText: secret,
      body: `hello ${secret}`,
      attributes: { 'enduser.id': secret },
    }
    expect(leaks(only(logs(rulesOf({ action }), { scope, items: [log(record)] })))).toEqual([])
  })
  test.each(actions)('%s: of a data point', (_name, action) => {
    const point = {
      timeUnixNano: '1',
      asInt: 1,
      attributes: attributesOf({ 'enduser.id': secret }),
      exemplars: [{ filteredAttributes: attributesOf({ e: secret }) }],
    }
    const metric = gauge({
      name: `m ${secret}`,
      unit: secret,
      description: secret,
      gauge: { dataPoints: [point] },
    })
    expect(leaks(only(metrics(rulesOf({ action }), { scope, items: [metric] })))).toEqual([])
  })
  test('of a resource, and its rows follow it', () => {
    const resource = { 'enduser.id': secret, 'service.name': `shop of ${secret}`, 'k8s.pod.name': 'p' }
    const { rows, resources } = traces(rulesOf({ action: { redact: { keys: ['enduser.id'] } } }), {
      resource,
      items: [span()],
    })
    expect([...rows, ...resources].flatMap(leaks)).toEqual([])
    expect(rows.map((row) => [row.service, row.resource_id])).toEqual([
      ['shop of ***', resources[0]?.resource_id],
    ])
  })

  test.each([
    [500, 'op of ***'],
    [600, '***'],
  ])('%d redacted values: the name of the span becomes %j', (count, want) => {
    const values = Array.from({ length: count }, (_, index) => [`k.${index}`, `value-${index}-`] as const)
    const item = span({
      name: 'op of value-1-',
      attributes: { ...Object.fromEntries(values), other: 'value-7-' },
    })
    const row = only(traces(rulesOf({ action: { redact: { keys: ['/k\\..*/'] } } }), { items: [item] }))
    expect(row.operation).toBe(want)
    expect([...row.attributes.values()].filter((value) => value !== '***')).toEqual([])
  })

  test('keys inside structures are met by their name or their path, in attributes and in bodies', () => {
    const structure = { kvlistValue: { values: attributesOf({ mail: 'a@example.com', id: 77_777 }) } }
    const item = {
      ...log({ body: '{"user":{"mail":"b@example.com"},"text":"from b@example.com"}' }),
      attributes: [{ key: 'user', value: structure }],
    }
    const of = (key: string) =>
      only(logs(rulesOf({ action: { redact: { keys: [key] } } }), { items: [item] }))
    for (const key of ['mail', 'user.mail']) {
      expect(of(key).body).toBe('{"user":{"mail":"***"},"text":"from ***"}')
      expect(plain(of(key).attributes)).toEqual({ user: '{"mail":"***","id":77777}' })
    }
    expect(plain(of('id').attributes)).toEqual({ user: '{"mail":"a@example.com","id":"***"}' })
    expect(of('text').body).toBe('{"user":{"mail":"b@example.com"},"text":"***"}')
  })

  test('short values and truth values are redacted in their place only', () => {
    const row = only(
      traces(rulesOf({ action: { redact: { keys: ['k', 'b'] } } }), {
        items: [span({ name: 'op 12 true', attributes: { k: 12, b: 'true' } })],
      }),
    )
    expect([row.operation, plain(row.attributes)]).toEqual(['op 12 true', { k: '***', b: '***' }])
  })

  test("the scope's attributes are shared: a rule for one span leaves those of the others", () => {
    const rules = rulesOf({ match: { operation: 'a' }, action: { remove: ['s'] } })
    const { rows } = traces(rules, { scope, items: [span({ name: 'a' }), span({ name: 'b' })] })
    expect(rows.map((row) => row.scope_attributes.size)).toEqual([0, 1])
  })

  test('an event name that is copied from an attribute follows it', () => {
    const item = log({ attributes: { 'event.name': 'secret-event' } })
    expect(only(logs(rulesOf({ action: { remove: ['event.name'] } }), { items: [item] })).event_name).toBe('')
    expect(
      only(logs(rulesOf({ action: { redact: { keys: ['event.name'] } } }), { items: [item] })).event_name,
    ).toBe('***')
  })
})

/** Columns of text that hold nothing an edit must reach: they follow the resource or other columns, or are ours. */
const elsewhere = {
  ofResource: ['cluster_id', 'namespace', 'application', 'service', 'version', 'pod', 'node', 'container'],
  ofAttributes: [
    'http_method',
    'http_route',
    'db_system',
    'db_statement',
    'messaging_system',
    'messaging_destination',
    'rpc_system',
    'peer',
    'exception_type',
  ],
  byName: [
    'attributes',
    'scope_attributes',
    'trace_state',
    'events_name',
    'events_attributes',
    'links_trace_state',
    'links_attributes',
    'exemplars_attributes',
  ],
  // Numbers as JSON; a word of ours; the sender's batch.
  ours: ['exponential', 'kind', 'batch_id'],
}
test.each([
  [spansTable, spanTexts],
  [logsTable, logTexts],
  [metricsTable, metricTexts],
])('every text column of %s is one that edits know', (table, texts) => {
  const known = new Set<string>([...texts, ...Object.values(elsewhere).flat()])
  const columns = Object.entries<{ type: string }>(table.columns)
    .filter(([, { type }]) => /\bString\b/.test(type))
    .map(([name]) => name)
  expect(columns.length).toBeGreaterThan(10)
  expect(columns.filter((name) => !known.has(name))).toEqual([])
})

describe('resources', () => {
  const resource = { 'service.name': 'shop', team: 'a', 'k8s.pod.name': 'p-1' }
  const cases: [name: string, rule: Omit<IngestRule, 'name'>, want: Texts][] = [
    ['remove', { action: { remove: ['team'] } }, { 'service.name': 'shop', 'k8s.pod.name': 'p-1' }],
    [
      'rename',
      { action: { rename: { team: 'owner' } } },
      { 'service.name': 'shop', 'k8s.pod.name': 'p-1', owner: 'a' },
    ],
    ['redact', { action: { redact: { keys: ['team'] } } }, { ...resource, team: '***' }],
    ['set is of items', { action: { set: { x: '1' } } }, resource],
    [
      'set on the resource when asked to',
      { target: 'resources', action: { set: { x: '1' } } },
      { ...resource, x: '1' },
    ],
    ['items only', { target: 'items', action: { remove: ['team'] } }, resource],
    [
      'conditions of items leave the resource',
      { match: { operation: 'GET /' }, action: { remove: ['team'] } },
      resource,
    ],
    ['conditions of the resource', { match: { service: 'other' }, action: { remove: ['team'] } }, resource],
    ['other signals', { signals: ['logs'], action: { remove: ['team'] } }, resource],
  ]
  test.each(cases)('%s', (_name, rule, want) => {
    const { rows, resources } = traces(rulesOf(rule), { resource, items: [span({ attributes: { y: 1 } })] })
    expect(resources.map(({ attributes }) => plain(attributes))).toEqual([want])
    expect(rows[0]?.resource_id).toBe(resources[0]?.resource_id)
  })
  test('equal after the edit means one resource, with one id', () => {
    const rules = rulesOf({ action: { remove: ['k8s.pod.name'] } })
    const idOf = (pod: string) =>
      traces(rules, { resource: { ...resource, 'k8s.pod.name': pod }, items: [span()] }).rows[0]?.resource_id
    expect(idOf('p-1')).toBe(idOf('p-2'))
  })
  test('what a rule changes, later rules match', () => {
    const rules = rulesOf(
      { target: 'resources', action: { set: { 'service.name': 'renamed' } } },
      { match: { service: 'shop' }, action: 'drop' },
      { match: { resource: { team: 'a' } }, action: { rename: { team: 'owner' } } },
    )
    const { rows } = traces(rules, { resource, items: [span()] })
    expect(rows.map(({ service }) => service)).toEqual(['renamed'])
  })
  test('a keep for all items of a resource ends the changes of it, too', () => {
    const rules = rulesOf({ match: { service: 'shop' }, action: 'keep' }, { action: { remove: ['team'] } })
    expect(traces(rules, { resource, items: [span()] }).resources[0]?.attributes.has('team')).toBe(true)
  })
})

describe('the cheap ways', () => {
  const resourcesOf = (resource: Texts): [ResourceRow] => [
    resourceRow(new Map(Object.entries(resource).map(([key, value]) => [key, String(value)])), '', 0),
  ]
  const resourceOf = (rules: ReturnType<typeof rulesOf>, signal: 'traces' | 'logs' = 'traces') => {
    const decoded = traces(rulesOf({ match: { service: 'none' }, action: 'drop' }), {
      resource: { 'service.name': 'shop' },
      items: [span()],
    }).resources[0]
    if (!decoded) throw new Error('no resource')
    return { decoded, ...rules.forResource(signal, decoded) }
  }
  test('no rules compile to nothing', () => {
    expect(compileRules({ rules: [], hashKey: '' })).toBeUndefined()
  })
  test('a resource meets the rules once, and is as new as its last request', () => {
    const rules = rulesOf({ action: { remove: ['team'] } })
    const [decoded] = resourcesOf({ 'service.name': 'shop', team: 'a' })
    const first = rules.forResource('traces', decoded)
    const later = rules.forResource('traces', { ...decoded, last_seen: decoded.last_seen + 5 })
    expect(later).toEqual({ ...first, resource: { ...first.resource, last_seen: decoded.last_seen + 5 } })
    expect(later.items).toBe(first.items)
    expect(later.resource.attributes.has('team')).toBe(false)
  })
  test('signals are told apart', () => {
    const rules = rulesOf({ signals: ['logs'], action: { remove: ['team'] } })
    const [decoded] = resourcesOf({ 'service.name': 'shop', team: 'a' })
    const has = (signal: 'traces' | 'logs') =>
      rules.forResource(signal, decoded).resource.attributes.has('team')
    expect([has('traces'), has('logs'), has('traces')]).toEqual([true, false, true])
  })
  test('a resource that no rule concerns is the same object, without rules for its items', () => {
    const rules = rulesOf(
      { match: { service: 'other' }, action: 'drop' },
      { action: { remove: ['x'] }, target: 'resources' },
      { match: { severity: ['debug'] }, action: 'drop' },
    )
    const { decoded, resource, items } = resourceOf(rules)
    expect(resource).toBe(decoded)
    expect(items).toBeUndefined()
    expect(resourceOf(rules, 'logs').items?.spanFilter).toBeUndefined()
  })
  const facts = {
    operation: 'GET /',
    kind: 2,
    status: 0,
    duration_ns: 5_000_000n,
    trace_state: '',
    attributes: new Map<string, string>(),
  }
  const trace = Buffer.from(`${'aa'.repeat(9)}80000000000000`, 'hex')
  const filters: [name: string, rules: Omit<IngestRule, 'name'>[], want: unknown][] = [
    ['sampling', [{ action: { sample: { ratio: 0.5 } } }], { traceState: 'ot=th:8', weight: 2 }],
    [
      'the harder of two',
      [{ action: { sample: { ratio: 0.5 } } }, { action: { sample: { ratio: 0.25 } } }],
      'rule-1',
    ],
    [
      'the harder first',
      [{ action: { sample: { ratio: 0.25 } } }, { action: { sample: { ratio: 0.5 } } }],
      'rule-0',
    ],
    ['dropping', [{ match: { service: 'shop' }, action: 'drop' }], 'rule-0'],
    ['sampling before dropping', [{ action: { sample: { ratio: 0.5 } } }, { action: 'drop' }], 'rule-1'],
    [
      'a keep for all ends it',
      [{ action: { sample: { ratio: 0.5 } } }, { action: 'keep' }, { action: 'drop' }],
      { traceState: 'ot=th:8', weight: 2 },
    ],
  ]
  test.each(filters)('%s is decided without a row, as on rows', (_name, list, want) => {
    const rules = rulesOf(...list)
    const { items } = resourceOf(rules)
    expect(items?.spanFilter?.decide(facts, trace, 0)).toEqual(want)
    const { rows, filtered } = traces(rules, {
      resource: { 'service.name': 'shop' },
      items: [span({ traceId: trace.toString('hex') })],
    })
    if (typeof want === 'string') expect(filtered).toEqual({ [want]: 1 })
    else expect(rows.map(({ trace_state, weight }) => ({ traceState: trace_state, weight }))).toEqual([want])
  })
  test('only changes of what a span says need its row', () => {
    const filterOf = (...list: Omit<IngestRule, 'name'>[]) => resourceOf(rulesOf(...list)).items?.spanFilter
    expect(filterOf({ match: { kind: ['server'] }, action: 'drop' })).toBeDefined()
    expect(filterOf({ action: { remove: ['x'] } })).toBeUndefined()
    expect(filterOf({ action: { sample: { ratio: 0.5 } } }, { action: { remove: ['x'] } })).toBeUndefined()
    expect(resourceOf(rulesOf({ match: { status: ['error'] }, action: 'keep' })).items).toBeUndefined()
  })
  test('a span that no rule weighs is stored as it came', () => {
    const rules = rulesOf({ match: { kind: ['client'] }, action: { sample: { ratio: 0.5 } } })
    expect(resourceOf(rules).items?.spanFilter?.decide(facts, trace, 0)).toBeUndefined()
  })
})

describe('log records are sampled with their trace', () => {
  const rules = rulesOf({ action: { sample: { ratio: 0.5 } } })
  const of = (random: string) => ({ traceId: `${'aa'.repeat(9)}${random}`, spanId: '02'.repeat(8) })
  test.each([
    ['80000000000000', 1],
    ['7fffffffffffff', 0],
  ])('%s', (random, kept) => {
    expect(traces(rules, { items: [span(of(random))] }).rows.length).toBe(kept)
    expect(logs(rules, { items: [log(of(random))] }).rows.length).toBe(kept)
  })
  test('those of no trace stay, and metrics are not sampled', () => {
    expect(logs(rules, { items: [log()] }).rows.length).toBe(1)
    expect(metrics(rules, { items: [gauge()] }).rows.length).toBe(1)
  })
})
