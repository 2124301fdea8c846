import type { PodRow } from '@binnacle/collector/api/clusters'
import { describe, expect, test } from 'vitest'
import {
  cellSize,
  heatCell,
  heatGroups,
  isOverConsuming,
  stepInMap,
} from '../../../dashboards/web/src/clusters/heat-map.ts'

function pod(change: Partial<PodRow> = {}): PodRow {
  return {
    uid: `uid-${change.name ?? 'a'}`,
    name: 'a',
    namespace: 'shop',
    workloadKind: 'Deployment',
    workload: 'cart',
    node: 'worker-1',
    version: 'v1',
    status: 'Running',
    phase: 'Running',
    health: 'ok',
    ready: 1,
    containers: 1,
    restarts: 0,
    restartsInRange: 0,
    lastRestartMs: 0,
    createdMs: 1,
    deleted: false,
    evicted: false,
    traced: false,
    cpuUsedMillicores: 50,
    cpuRequestMillicores: 100,
    cpuLimitMillicores: 500,
    memoryUsedBytes: 50,
    memoryRequestBytes: 100,
    memoryLimitBytes: 200,
    lastEvent: null,
    ...change,
  }
}

describe('a square', () => {
  test('is filled by the health of the pod', () => {
    for (const health of ['ok', 'pending', 'warning', 'failed', 'done'] as const) {
      expect(heatCell(pod({ health })).fill).toBe(health)
    }
  })

  test('of an evicted pod is hatched, not red', () => {
    expect(heatCell(pod({ health: 'failed', evicted: true })).fill).toBe('evicted')
  })

  test('is violet beyond the request, unless something worse is wrong', () => {
    expect(heatCell(pod({ cpuUsedMillicores: 101 })).fill).toBe('over')
    expect(heatCell(pod({ cpuUsedMillicores: 101, health: 'failed' })).fill).toBe('failed')
  })

  test('has a border for restarts in the range, not for earlier ones', () => {
    expect(heatCell(pod({ restarts: 7 })).restarted).toBe(false)
    expect(heatCell(pod({ restarts: 7, restartsInRange: 1 })).restarted).toBe(true)
  })
})

describe('over-consumption', () => {
  const cases: readonly [title: string, change: Partial<PodRow>, want: boolean][] = [
    ['use at the request is not over', { cpuUsedMillicores: 100 }, false],
    ['memory counts as well', { memoryUsedBytes: 101 }, true],
    ['without a request the limit counts', { memoryRequestBytes: 0, memoryUsedBytes: 150 }, false],
    ['over the limit without a request', { memoryRequestBytes: 0, memoryUsedBytes: 201 }, true],
    [
      'without any bound nothing is over',
      { cpuRequestMillicores: 0, cpuLimitMillicores: 0, cpuUsedMillicores: 9e9 },
      false,
    ],
    ['unknown use is not over', { cpuUsedMillicores: null, memoryUsedBytes: null }, false],
  ]
  test.each(cases)('%s', (_title, change, want) => {
    expect(isOverConsuming(pod(change))).toBe(want)
  })
})

describe('the map', () => {
  const pods = [
    pod({ name: 'well', namespace: 'alpha' }),
    pod({ name: 'ended', namespace: 'shop', health: 'done' }),
    pod({ name: 'b', namespace: 'shop' }),
    pod({ name: 'a', namespace: 'shop' }),
    pod({ name: 'broken', namespace: 'shop', health: 'failed' }),
    pod({ name: 'waiting', namespace: 'shop', health: 'pending', node: '' }),
  ]

  test('groups with problems stand first, and the worst within them', () => {
    const groups = heatGroups(pods, 'namespace')
    expect(groups.map((group) => [group.name, group.problems])).toEqual([
      ['shop', 2],
      ['alpha', 0],
    ])
    expect(groups[0]?.cells.map((cell) => cell.name)).toEqual(['broken', 'waiting', 'a', 'b', 'ended'])
  })

  test('pods without a node are a group of their own', () => {
    expect(heatGroups(pods, 'node').map((group) => group.name)).toEqual(['not scheduled', 'worker-1'].sort())
  })

  test('equal workload names of two namespaces stay apart', () => {
    expect(heatGroups(pods, 'workload').map((group) => group.name)).toEqual(['shop/cart', 'alpha/cart'])
  })

  test('every pod is in it exactly once, whatever the grouping', () => {
    for (const by of ['namespace', 'node', 'workload'] as const) {
      const uids = heatGroups(pods, by).flatMap((group) => group.cells.map((cell) => cell.uid))
      expect([...uids].sort()).toEqual(pods.map((one) => one.uid).sort())
    }
  })

  test('squares shrink as pods get more', () => {
    const sizes = [1, 151, 501, 1_201, 2_000].map(cellSize)
    expect(sizes).toEqual([20, 16, 13, 10, 10])
  })

  test('arrow keys start at the first square and stop at the ends', () => {
    const groups = heatGroups(pods, 'namespace')
    expect(stepInMap(groups, undefined, 1)).toBe('uid-broken')
    expect(stepInMap(groups, 'uid-broken', 1)).toBe('uid-waiting')
    expect(stepInMap(groups, 'uid-broken', -1)).toBe('uid-broken')
    expect(stepInMap(groups, 'uid-well', 1)).toBe('uid-well')
    expect(stepInMap(groups, 'uid-gone', 1)).toBe('uid-broken')
    expect(stepInMap([], undefined, 1)).toBeUndefined()
  })
})
