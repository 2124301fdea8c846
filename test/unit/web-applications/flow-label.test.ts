import { describe, expect, test } from 'vitest'
import { flowFilters, nodeFilters } from '../../../dashboards/web/src/applications/flow-filters.ts'
import {
  describeEdge,
  describeNode,
  edgeLabel,
  nameOfId,
  nameOfNode,
} from '../../../dashboards/web/src/applications/flow-label.ts'
import { database, edge, red, tier } from './support.ts'

describe('the label of an edge', () => {
  test('says rate, mean and p95, and failures only where there are any', () => {
    expect(edgeLabel(edge('a', 'b'))).toEqual(['120/min · 14 ms', 'p95 30 ms'])
    const failing = red(120, { errors: 60, errorsPerMinute: 1 })
    expect(edgeLabel(edge('a', 'b', { red: failing })).at(-1)).toBe('1 err/min')
  })
  test('without calls there are no times', () => {
    const silent = red(0, { calls: 0, meanMs: null, p95Ms: null })
    expect(edgeLabel(edge('a', 'b', { red: silent }))).toEqual(['0/min · –'])
  })
})

test.each([
  ['tier:benigno', 'benigno'],
  ['backend:postgresql:shop', 'shop'],
  ['backend:redis:cache:6379', 'cache:6379'],
  ['external:api.pagamenti.example:443', 'api.pagamenti.example:443'],
  ['client', 'Clients'],
])('%s is called %s', (id, want) => expect(nameOfId(id)).toBe(want))

test('nodes and edges are said in a sentence', () => {
  expect(describeNode(tier('benigno'))).toBe('tier benigno: 120/min, mean 14 ms, 0 err/min')
  expect(describeEdge(edge('client', 'tier:benigno', { async: true }))).toBe(
    'Clients asynchronously calls benigno: 120/min · 14 ms, p95 30 ms',
  )
  expect(nameOfNode({ ...database('postgresql', ''), name: '' })).toBe('postgresql')
})

test('traces behind a node or an edge are those of its tier', () => {
  expect(nodeFilters({ application: 'shop' }, tier('benigno'))).toEqual({
    application: 'shop',
    service: 'benigno',
  })
  expect(nodeFilters({ application: 'shop' }, database('postgresql', 'pg:5432/shop'))).toEqual({
    application: 'shop',
    peer: 'pg:5432/shop',
  })
  const queue = { ...database('kafka', 'orders'), type: 'queue' as const }
  expect(nodeFilters({ application: 'shop' }, queue)).toEqual({ application: 'shop', destination: 'orders' })
  const filters = (from: string, to: string) => flowFilters({ application: 'shop' }, edge(from, to))
  expect(filters('tier:a', 'tier:b')).toEqual({ application: 'shop', service: 'b' })
  expect(filters('tier:a', 'backend:redis:x')).toEqual({ application: 'shop', service: 'a' })
  expect(filters('client', 'external:x')).toEqual({ application: 'shop' })
})
