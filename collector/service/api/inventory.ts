import type { FindingRow, ObjectCountRow } from '../query/inventory.ts'
import type { ObjectListRow } from '../query/objects.ts'
import { compareFindings, findingKind, rowsOfFindings } from './finding-kinds.ts'
import type { FindingTrend } from './finding-trends.ts'
import { toObjectRow } from './object-row.ts'
import type { Finding, Inventory } from './schema/objects.ts'

/** Kinds that have a page of their own; the others are in the list of all objects. */
const pages: Readonly<Record<string, string>> = { Pod: 'pods', Namespace: 'namespaces', Node: 'nodes' }

export function rowsOfKind(kind: string): string {
  return pages[kind] ?? `objects?kind=${kind}`
}

export function toInventory(rows: {
  readonly findings: readonly FindingRow[]
  readonly trends: ReadonlyMap<string, FindingTrend>
  readonly objects: readonly ObjectCountRow[]
  /** Quotas, limit ranges, claims, services, autoscalers. */
  readonly shown: readonly ObjectListRow[]
}): Inventory {
  const ofKind = (kind: string) => rows.shown.filter((row) => row.kind === kind).map(toObjectRow)
  return {
    findings: [...rows.trends]
      .filter(([id]) => id !== '')
      .map(([id, trend]) =>
        toFinding(rows.findings.find((row) => row.id === id) ?? noneOf(id), trend, rows.objects),
      )
      .filter((finding) => finding.count > 0 || (finding.before ?? 0) > 0)
      .sort((a, b) => compareFindings(a.id, b.id)),
    objects: rows.objects
      .filter((row) => row.count > 0 || row.before > 0)
      .map(({ amounts: _amounts, findings: _findings, ...row }) => ({ ...row, rows: rowsOfKind(row.kind) })),
    quotas: ofKind('ResourceQuota'),
    limitRanges: ofKind('LimitRange'),
    claims: ofKind('PersistentVolumeClaim'),
    services: ofKind('Service'),
    autoscalers: ofKind('HorizontalPodAutoscaler'),
  }
}

export const shownKinds = [
  'ResourceQuota',
  'LimitRange',
  'PersistentVolumeClaim',
  'Service',
  'HorizontalPodAutoscaler',
]

/** What is gone, and was counted earlier. */
function noneOf(id: string): FindingRow {
  return { id, count: 0, before: 0, kinds: [], namespaces: 0, owners: [], objects: [] }
}

function toFinding(row: FindingRow, trend: FindingTrend, objects: readonly ObjectCountRow[]): Finding {
  const outOf = objects
    .filter(({ kind }) => row.kinds.includes(kind))
    .reduce((sum, { count }) => sum + count, 0)
  return {
    ...row,
    ...findingKind(row.id),
    ...trend,
    outOf,
    kinds: [...row.kinds],
    owners: row.owners.map(([kind, namespace, name, count]) => ({ kind, namespace, name, count })),
    objects: row.objects.map(([kind, namespace, name, ownerKind, owner, detail]) => ({
      ...{ kind, namespace, name },
      ...(ownerKind === kind && owner === name ? { ownerKind: '', owner: '' } : { ownerKind, owner }),
      detail,
    })),
    rows: rowsOfFindings(row.kinds, [row.id]),
  }
}
