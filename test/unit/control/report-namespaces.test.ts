import { expect, test } from 'vitest'
import { reportNamespaces } from '../../../collector/agent/control/report-namespaces.ts'
import { namespacesReportedMax, parseNamespacesReport } from '../../../collector/record/remote-config.ts'

const values = { include: [], exclude: [], rancherProjects: [], default: 'off' as const, allowed: [] }
const namespace = (name: string, selected = false) => ({
  name,
  uid: `uid-${name}`,
  labels: { 'binnacle.dev/collect': 'enabled', team: 'secret' },
  rancherProject: '',
  selected,
  reason: 'why',
})
const settable = ['namespaces.include']

test('collected ones come first, with the labels that decide and no others', () => {
  const report = reportNamespaces([namespace('a'), namespace('z', true)], { values, settable })
  expect(report.namespaces.map(({ name }) => name)).toEqual(['z', 'a'])
  expect(report.namespaces[0]?.labels).toEqual({ 'binnacle.dev/collect': 'enabled' })
  expect(parseNamespacesReport(JSON.stringify(report))).toEqual(report)
})

test('beyond the limit the last ones are left out and counted', () => {
  const many = Array.from({ length: namespacesReportedMax + 1 }, (_, index) => namespace(`n${index}`))
  const report = reportNamespaces([...many, namespace('zz', true)], { values, settable })
  expect([report.namespaces.length, report.omitted, report.namespaces[0]?.name]).toEqual([5_000, 2, 'zz'])
})

test('where nobody may choose, names of those that are not collected stay in the cluster', () => {
  const report = reportNamespaces([namespace('a'), namespace('z', true)], { values, settable: ['log'] })
  expect(report).toMatchObject({ namespaces: [{ name: 'z' }], omitted: 0 })
})
