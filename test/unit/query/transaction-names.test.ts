import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SpanRow, spansTable } from '../../../collector/record/span.ts'
import type { TransactionRule, TransactionSettings } from '../../../collector/record/transaction-settings.ts'
import { whyUnusable } from '../../../collector/service/api/usable-settings.ts'
import { entriesOf } from '../../../collector/service/query/entry-sql.ts'
import { rangeWindow } from '../../../collector/service/query/pairing-sql.ts'
import { namingOf } from '../../../collector/service/query/transaction-naming.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { entrySpan } from '../../support/entry-span.ts'

let clickHouse: TestClickHouse
beforeAll(async () => {
  clickHouse = await startTestClickHouse()
})
afterAll(() => clickHouse?.close())

const atMs = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 7_200_000
let tables = 0

/** Each span as a trace of its own, in a minute of its own table; the names in their order. */
async function namesOf(
  spans: readonly Partial<Omit<SpanRow, 'attributes'>>[],
  attributes: readonly Readonly<Record<string, string>>[],
  settings: TransactionSettings = {},
): Promise<string[]> {
  const fromMs = atMs + tables++ * 60_000
  const rows = spans.map((over, index) =>
    entrySpan({
      id: `${tables} ${index}`,
      atMs: fromMs,
      ms: 1,
      version: String(index),
      attributes: attributes[index] ?? {},
      ...over,
    }),
  )
  const outcome = await clickHouse.store.insert({ table: spansTable, rows }, `names ${tables}`)
  expect(outcome.type).toBe('stored')
  const naming = namingOf([
    { application: 'shop', version: 1, settings: JSON.stringify(settings), changedAtMs: 0, changedBy: '' },
  ])
  const found = await clickHouse.store.query<{ version: string; transaction: string }>({
    sql: `SELECT version, transaction FROM (${entriesOf(rangeWindow, naming)}) WHERE entering ORDER BY toUInt32(version)`,
    params: { fromMs, toMs: fromMs + 60_000 },
  })
  expect(found.map(({ version }) => version)).toEqual(rows.map(({ version }) => version))
  return found.map(({ transaction }) => transaction)
}

type Case = readonly [want: string, attributes: Readonly<Record<string, string>>, over?: Partial<SpanRow>]
const get = { 'http.request.method': 'GET' }

/** By the examples of https://opentelemetry.io/docs/specs/semconv/, now and before. */
const cases: readonly Case[] = [
  ['GET /cart/:id', { ...get, 'http.route': '/cart/:id', 'url.path': '/cart/7' }],
  ['GET /users/{id}', { 'http.method': 'GET', 'http.route': '/users/{id}', 'http.target': '/users/7?x=1' }],
  ['/only/route', { 'http.route': '/only/route' }],
  ['GET /cart/{id}', { ...get, 'url.path': '/cart/123/items' }],
  ['POST /cart/add', { 'http.method': 'POST', 'http.target': '/cart/add?coupon=/a/b' }],
  ['GET /a/b', { 'http.method': 'GET', 'http.url': 'https://shop.example:8443/a/b/c?d=e#f' }],
  ['GET /a/b', { ...get, 'url.full': 'https://shop.example/a/b' }, { kind: 3, operation: 'GET' }],
  ['GET /api/v1', { 'http.method': 'GET', 'http.path': '/api/v1/things/9' }],
  ['GET /', { ...get, 'url.path': '/' }],
  ['GET /', { ...get, 'url.path': '///' }],
  ['GET /a/b', { ...get, 'url.path': '//a//b/' }],
  ['GET /shop/list', { ...get, 'url.path': '/shop;jsessionid=1A2B/list' }],
  ['HTTP /x', { 'http.request.method': '_OTHER', 'url.path': '/x' }],
  // A method alone.
  ['GET', get, { operation: 'GET' }],
  // Ids.
  ['GET /o/{id}', { ...get, 'url.path': '/o/6f1d0b3e-3a0c-4a47-9a55-0b7f0a1d9c11' }],
  ['GET /o/{id}', { ...get, 'url.path': '/o/507f1f77bcf86cd799439011' }],
  ['GET /o/{id}', { ...get, 'url.path': '/o/2026-11-27' }],
  ['GET /o/{id}', { ...get, 'url.path': '/o/01ARZ3NDEKTSV4RRFFQ69G5FAV' }],
  ['GET /o/v2', { ...get, 'url.path': '/o/v2' }],
  ['GET /o/deadbeef', { ...get, 'url.path': '/o/deadbeef' }],
  ['GET /o/a-rather-long-but-human-slug', { ...get, 'url.path': '/o/a-rather-long-but-human-slug' }],
  [`GET /${'x'.repeat(80)}`, { ...get, 'url.path': `/${'x'.repeat(200)}` }],
  // RPC: the name of the span is package.Service/Method; newer, the method alone is.
  [
    'oteldemo.CartService/AddItem',
    { 'rpc.system': 'grpc', 'rpc.service': 'oteldemo.CartService', 'rpc.method': 'AddItem' },
    { operation: 'oteldemo.CartService/AddItem' },
  ],
  ['pkg.Svc/Do', { 'rpc.system': 'grpc' }, { operation: '/pkg.Svc/Do' }],
  [
    'pkg.Svc/Do',
    { 'rpc.system': 'jsonrpc', 'rpc.service': 'pkg.Svc', 'rpc.method': 'Do' },
    { operation: 'call' },
  ],
  ['pkg.Svc/Do', { 'rpc.system.name': 'grpc', 'rpc.method': 'pkg.Svc/Do' }, { operation: 'server' }],
  ['unknown', { 'rpc.system': 'java_rmi' }, { operation: 'unknown' }],
  // Messaging.
  [
    'orders',
    { 'messaging.system': 'kafka', 'messaging.destination.name': 'orders' },
    { kind: 5, operation: 'process orders' },
  ],
  [
    'mails',
    { 'messaging.system': 'rabbitmq', 'messaging.destination': 'mails' },
    { kind: 5, operation: 'mails receive' },
  ],
  // FaaS.
  ['timer/nightly', { 'faas.trigger': 'timer', 'faas.name': 'nightly' }, { operation: 'invoke' }],
  ['datasource/resize', { 'faas.trigger': 'datasource' }, { operation: 'resize' }],
  // A job.
  ['reindex', {}, { kind: 1, operation: 'reindex' }],
]

test('names follow the semantic conventions, current and previous', async () => {
  const got = await namesOf(
    cases.map(([, , over]) => over ?? {}),
    cases.map(([, attributes]) => attributes),
  )
  expect(cases.map(([, ...given], index) => [got[index], ...given])).toEqual(cases)
})

describe('rules', () => {
  const call = {
    ...get,
    'url.path': '/shop/items/42',
    'tenant.id': 'acme',
    'http.request.header.x-kind': '["batch"]',
  }
  const routed = { 'http.method': 'POST', 'http.route': '/pay/{id}', 'http.target': '/pay/7' }
  const nameOf = async (rules: readonly Partial<TransactionRule>[]): Promise<string[]> => {
    const settings = {
      rules: rules.map((rule) => ({ label: 'r', when: [], action: 'name', ...rule }) as TransactionRule),
    }
    expect(whyUnusable(settings)).toBe('')
    return namesOf([{}, { service: 'pay' }], [call, routed], settings)
  }
  const path = (match: string, value: string): TransactionRule['when'] => [
    { field: 'path', match: match as 'EQUALS', value },
  ]

  test.each<[string, Partial<TransactionRule>[], string[]]>([
    ['without any', [], ['GET /shop/items', 'POST /pay/{id}']],
    ['EQUALS', [{ when: path('EQUALS', '/shop/items/42'), name: 'x' }], ['x', 'POST /pay/{id}']],
    [
      'EQUALS is the whole',
      [{ when: path('EQUALS', '/shop'), name: 'x' }],
      ['GET /shop/items', 'POST /pay/{id}'],
    ],
    ['CONTAINS', [{ when: path('CONTAINS', 'items'), name: 'x' }], ['x', 'POST /pay/{id}']],
    ['STARTS_WITH', [{ when: path('STARTS_WITH', '/pay'), name: 'x' }], ['GET /shop/items', 'x']],
    ['ENDS_WITH', [{ when: path('ENDS_WITH', '/42'), name: 'x' }], ['x', 'POST /pay/{id}']],
    [
      'MATCHES_REGEX and groups',
      [{ when: path('MATCHES_REGEX', '^/(\\w+)/(\\w+)'), name: '{group:2} of {group:1}' }],
      ['items of shop', '7 of pay'],
    ],
    [
      'IS_IN_LIST',
      [{ when: [{ field: 'method', match: 'IS_IN_LIST', values: ['PUT', 'POST'] }], name: 'write' }],
      ['GET /shop/items', 'write'],
    ],
    [
      'IS_NOT_EMPTY of an attribute, and its value as name',
      [
        {
          when: [{ field: 'attribute', key: 'tenant.id', match: 'IS_NOT_EMPTY' }],
          name: '{attribute:tenant.id} {transaction}',
        },
      ],
      ['acme GET /shop/items', 'POST /pay/{id}'],
    ],
    [
      'a header',
      [{ when: [{ field: 'header', key: 'X-Kind', match: 'EQUALS', value: 'batch' }], name: 'batch' }],
      ['batch', 'POST /pay/{id}'],
    ],
    ['segments', [{ name: '{method} {segment:3}' }], ['GET 42', 'POST']],
    [
      'not',
      [{ when: [{ field: 'route', match: 'IS_NOT_EMPTY', not: true }], name: 'unrouted' }],
      ['unrouted', 'POST /pay/{id}'],
    ],
    ['scope to tiers', [{ services: ['pay'], name: 'all of {service}' }], ['GET /shop/items', 'all of pay']],
    ['exclude', [{ when: path('STARTS_WITH', '/shop'), action: 'exclude' }], ['', 'POST /pay/{id}']],
    [
      'rename, by the name without rules',
      [{ when: [{ field: 'transaction', match: 'EQUALS', value: 'GET /shop/items' }], name: 'Browse' }],
      ['Browse', 'POST /pay/{id}'],
    ],
    [
      'group',
      [{ when: [{ field: 'transaction', match: 'MATCHES_REGEX', value: '^(GET|POST) ' }], name: 'Shop' }],
      ['Shop', 'Shop'],
    ],
    [
      'the highest priority first, else their order',
      [
        { name: 'last' },
        { services: ['pay'], priority: -1, name: 'never' },
        { services: ['web'], priority: 5, name: 'first' },
      ],
      ['first', 'last'],
    ],
    [
      'all conditions',
      [
        {
          when: [...path('CONTAINS', 'shop'), { field: 'method', match: 'EQUALS', value: 'PUT' }],
          name: 'x',
        },
      ],
      ['GET /shop/items', 'POST /pay/{id}'],
    ],
    [
      "text with quotes '\\",
      [{ services: ['web'], name: "it's {id} \\" }],
      ["it's {id} \\", 'POST /pay/{id}'],
    ],
  ])('%s', async (_, rules, want) => {
    expect(await nameOf(rules)).toEqual(want)
  })

  test.each<[string, unknown, string]>([
    ['an unknown key', { rule: [] }, 'cannot use rule: it is unknown'],
    [
      'a bad expression',
      { rules: [{ label: 'r', when: path('MATCHES_REGEX', '(a'), action: 'name', name: 'x' }] },
      'rules.0 (r): when.0: value: ',
    ],
    [
      'a look-around',
      { rules: [{ label: 'r', when: path('MATCHES_REGEX', '(?=a)'), action: 'name', name: 'x' }] },
      'when.0: value: ',
    ],
    [
      'a group that is not there',
      { rules: [{ label: 'r', when: path('MATCHES_REGEX', '(a)'), action: 'name', name: '{group:2}' }] },
      '{group:2}, but the first MATCHES_REGEX has 1 groups',
    ],
    [
      'an unknown placeholder',
      { rules: [{ label: 'r', when: [], action: 'name', name: '{segmet:2}' }] },
      '{segmet:2} is unknown',
    ],
    ['a name that is missing', { rules: [{ label: 'r', when: [], action: 'name' }] }, 'name is missing'],
    [
      'an attribute without key',
      { rules: [{ label: 'r', when: [{ field: 'attribute', match: 'IS_NOT_EMPTY' }], action: 'exclude' }] },
      'key is missing',
    ],
    [
      'a list without values',
      {
        rules: [
          { label: 'r', when: [{ field: 'method', match: 'IS_IN_LIST', value: 'GET' }], action: 'exclude' },
        ],
      },
      'values are missing',
    ],
    ['two limits in one', { thresholds: [{ slow: { ms: 1, deviations: 3 } }] }, 'thresholds.0.slow'],
    [
      'too much',
      {
        rules: Array.from({ length: 100 }, () => ({
          label: 'r',
          when: [],
          action: 'name',
          name: 'x'.repeat(300),
        })),
      },
      'bytes, at most 32768',
    ],
  ])('%s is refused with a reason', (_, settings, part) => {
    expect(whyUnusable(settings)).toContain(part)
  })
})
