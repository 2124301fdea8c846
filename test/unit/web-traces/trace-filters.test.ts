import { describe, expect, test } from 'vitest'
import {
  filterChips,
  parseTraceFilters,
  type TraceFilters,
  traceFiltersToSearch,
  withAttribute,
  withFilter,
} from '../../../dashboards/web/src/traces/trace-filters.ts'

const all: TraceFilters = {
  application: 'shop',
  service: 'benigno,!magnanimo',
  operation: 'GET /hw2',
  version: 'v2',
  pod: 'benigno-1',
  namespace: 'shop',
  status: 'error',
  minMs: 5,
  maxMs: 1500,
  transaction: 'GET /{a,b}',
  entry: 'magnanimo',
  attributes: 'http.route=/hw2,user.tier=gold',
  sort: 'slowest',
}

describe('trace filters and the URL', () => {
  test('what is written is read back', () => {
    expect(parseTraceFilters(traceFiltersToSearch(all))).toEqual(all)
    expect(parseTraceFilters({})).toEqual({})
  })
  test('the default sort is not said', () => expect(traceFiltersToSearch({ sort: 'newest' })).toEqual({}))
  test.each([
    [{ status: 'broken', sort: 'oldest', minMs: 'soon', maxMs: -1, service: '  ', other: 'x' }, {}],
    [
      { version: 2, service: ' benigno ' },
      { version: '2', service: 'benigno' },
    ],
    [
      { minMs: '0', maxMs: 10 },
      { minMs: 0, maxMs: 10 },
    ],
    [{ service: ['a'], minMs: '' }, {}],
  ])('%j is read as %j', (search, want) => expect(parseTraceFilters(search)).toEqual(want))
})

describe('filter chips', () => {
  test('each says its condition in words', () => {
    expect(filterChips(all).map((chip) => chip.label)).toEqual([
      'application is shop',
      'service is benigno',
      'service is not magnanimo',
      'operation is GET /hw2',
      'version is v2',
      'pod is benigno-1',
      'namespace is shop',
      'transaction is GET /{a,b}',
      'entry is magnanimo',
      'http.route=/hw2',
      'user.tier=gold',
      'with errors',
      'at least 5 ms',
      'at most 1500 ms',
    ])
  })
  test('each takes away only itself', () => {
    const [, first, second] = filterChips(all)
    expect(first?.without).toEqual({ ...all, service: '!magnanimo' })
    expect(second?.without).toEqual({ ...all, service: 'benigno' })
    expect(filterChips({ status: 'ok' })[0]?.without).toEqual({})
  })
})

test('an attribute pair is added once', () => {
  const once = withAttribute({}, 'user.tier', 'gold')
  expect(once).toEqual({ attributes: 'user.tier=gold' })
  expect(withAttribute(once, 'user.tier', 'gold')).toEqual(once)
  expect(withAttribute(once, 'http.route', '/')).toEqual({ attributes: 'user.tier=gold,http.route=/' })
})
test('a filter set to nothing is gone', () => {
  expect(withFilter({ service: 'a', status: 'ok' }, 'service', undefined)).toEqual({ status: 'ok' })
})
