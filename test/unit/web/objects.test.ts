import type { Condition } from '@binnacle/collector/api/objects'
import { describe, expect, test } from 'vitest'
import { formatAmount, objectFacts } from '../../../dashboards/web/src/clusters/object-facts.ts'
import { objectKeyText, parseObjectKey, placeOf } from '../../../dashboards/web/src/clusters/object-key.ts'
import { objectState } from '../../../dashboards/web/src/clusters/object-state.ts'
import { isTroubled } from '../../../dashboards/web/src/clusters/troubled.ts'

describe('a condition is trouble by its kind', () => {
  test.each<[kind: string, type: string, status: string, want: boolean]>([
    ['Node', 'Ready', 'True', false],
    ['Node', 'Ready', 'Unknown', true],
    ['Node', 'DiskPressure', 'True', true],
    ['Node', 'DiskPressure', 'False', false],
    ['Deployment', 'Available', 'False', true],
    ['Deployment', 'ReplicaFailure', 'True', true],
    ['HorizontalPodAutoscaler', 'ScalingLimited', 'True', true],
    ['HorizontalPodAutoscaler', 'AbleToScale', 'True', false],
    ['Job', 'Complete', 'False', false],
    ['Job', 'Failed', 'True', true],
    ['PersistentVolumeClaim', 'Resizing', 'True', false],
  ])('%s %s %s: %s', (kind, type, status, want) => {
    const condition: Condition = { type, status, reason: '', message: '', sinceMs: 0 }
    expect(isTroubled(kind, condition)).toBe(want)
  })
})

describe('an object in the address', () => {
  const node = { kind: 'Node', namespace: '', name: 'worker-1' }
  test('is read as it was written, and anything else is none', () => {
    expect(parseObjectKey(objectKeyText(node))).toEqual(node)
    for (const text of [undefined, '', 'Node', 'Node/', '//x', 'Node/shop/'])
      expect(parseObjectKey(text)).toBeUndefined()
  })
  test('has a page by its kind', () => {
    expect(placeOf(node)).toEqual({ path: '/nodes', search: { open: 'Node//worker-1' } })
    expect(placeOf({ kind: 'Service', namespace: 'shop', name: 'cart' }).search).toEqual({
      kind: 'Service',
      open: 'Service/shop/cart',
    })
    expect(placeOf({ kind: 'Job', namespace: 'shop', name: 'import' }).path).toBe('/workloads')
  })
})

test('amounts are said in the unit that their name says', () => {
  expect(formatAmount('cpuAllocatableMillicores', 7_800)).toBe('7.8 CPU')
  expect(formatAmount('requestBytes', 8 * 1024 ** 3)).toBe('8 GiB')
  expect(formatAmount('cpuPercent', 64)).toBe('64 %')
  expect(formatAmount('podsCapacity', 110)).toBe('110')
  expect(
    objectFacts({
      facts: { kubeletVersion: 'v1.34.0', internalIp: '' },
      amounts: { 'hard:pods': 3, cpuCapacityMillicores: 500 },
    }),
  ).toEqual([
    ['Kubelet version', 'v1.34.0'],
    ['Internal IP', ''],
    ['CPU capacity', '500 mCPU'],
  ])
})

test('the state of an object: its word, its replicas, what was found', () => {
  const state = (over: Partial<Parameters<typeof objectState>[0]>) =>
    objectState({ kind: 'StatefulSet', status: 'Available', ready: 1, desired: 1, findings: [], ...over })
  const warning = { id: 'x', title: 'x', severity: 'warning', hint: '', detail: '' } as const
  expect(state({})).toBe('ok')
  expect(state({ findings: [warning] })).toBe('warning')
  expect(state({ ready: 0 })).toBe('failed')
  expect(state({ ready: 1, desired: 2, status: 'Degraded' })).toBe('warning')
  expect(state({ kind: 'Job', status: 'Running', ready: 0 })).toBe('ok')
  expect(state({ kind: 'Node', status: 'NotReady,SchedulingDisabled' })).toBe('failed')
  expect(state({ kind: 'PersistentVolumeClaim', status: 'Pending', ready: 0, desired: 0 })).toBe('pending')
})
