import { expect, test } from 'vitest'
import { compareFindings, findingKind, rowsOfFindings } from '../../../collector/service/api/finding-kinds.ts'
import { findingTrends } from '../../../collector/service/api/finding-trends.ts'
import { quotaUses } from '../../../collector/service/api/quota.ts'
import type { FindingRow } from '../../../collector/service/query/inventory.ts'

const row = (id: string, before: number): FindingRow => ({
  ...{ id, count: 1, before, kinds: ['Pod'], namespaces: 1, owners: [], objects: [] },
})
const minute = 60_000

test('findings are sorted worst first, and one of a newer agent is shown by its id', () => {
  expect(['no-cpu-limit', 'evicted', 'privileged', 'crash-looping'].sort(compareFindings)).toEqual([
    ...['crash-looping', 'privileged', 'evicted', 'no-cpu-limit'],
  ])
  expect(findingKind('from-the-future')).toEqual({ title: 'from-the-future', severity: 'info', hint: '' })
})

test('the rows of a finding are on the page of its kind, else in the list of objects', () => {
  expect(rowsOfFindings(['Pod'], ['evicted'])).toBe('pods?finding=evicted')
  expect(rowsOfFindings(['Node'], ['node-pressure'])).toBe('nodes?finding=node-pressure')
  expect(rowsOfFindings(['DaemonSet', 'Deployment'], ['workload-not-ready'])).toBe(
    'objects?kind=DaemonSet,Deployment&finding=workload-not-ready',
  )
})

test('a trend is what was counted; a count that did not see the finding is zero', () => {
  const steps = [
    {
      finding: '',
      points: [
        [-4 * minute, 30],
        [minute, 30],
        [6 * minute, 31],
      ],
    },
    { finding: 'evicted', points: [[minute, 2]] },
  ] as const
  const trends = findingTrends(steps, [row('no-cpu-limit', 7)], 0)
  expect(trends.get('evicted')).toEqual({ before: 0, spark: [0, 2, 0] })
  expect(trends.get('no-cpu-limit')).toEqual({ before: 0, spark: [0, 0, 0] })
})

test('what was not counted at the start of the range is unknown, but for findings about a template', () => {
  const late = [{ finding: '', points: [[6 * minute, 31]] }] as const
  for (const steps of [[], late]) {
    const trends = findingTrends(steps, [row('evicted', 3), row('no-cpu-limit', 7)], 0)
    expect(trends.get('evicted')?.before).toBeNull()
    expect(trends.get('no-cpu-limit')?.before).toBe(7)
  }
})

test('quotas: CPU in millicores, sizes in bytes, the fullest first, a quota of none last', () => {
  const amounts = {
    ...{ 'hard:limits.cpu': 4, 'used:limits.cpu': 1, 'hard:pods': 2, 'used:pods': 2 },
    ...{ 'hard:fast.storageclass.storage.k8s.io/requests.storage': 100, 'hard:services.loadbalancers': 0 },
    ...{ 'hard:requests.nvidia.com/gpu': 8, 'used:requests.nvidia.com/gpu': 6 },
  }
  expect(quotaUses(amounts)).toEqual([
    { resource: 'pods', unit: '1', used: 2, hard: 2 },
    { resource: 'requests.nvidia.com/gpu', unit: '1', used: 6, hard: 8 },
    { resource: 'limits.cpu', unit: 'mCPU', used: 1_000, hard: 4_000 },
    { resource: 'fast.storageclass.storage.k8s.io/requests.storage', unit: 'By', used: 0, hard: 100 },
    { resource: 'services.loadbalancers', unit: '1', used: 0, hard: 0 },
  ])
})
