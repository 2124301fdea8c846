import type { FindingRow, ObjectCountRow } from '../query/inventory.ts'
import type { ObjectListRow } from '../query/objects.ts'
import { compareFindings, findingKind, rowsOfFindings, templateFindings } from './finding-kinds.ts'
import { toObjectRow } from './object-row.ts'
import type { Finding, Inventory } from './schema/objects.ts'

/** Kinds that have a page of their own; the others are in the list of all objects. */
const pages: Readonly<Record<string, string>> = { Pod: 'pods', Namespace: 'namespaces', Node: 'nodes' }

export function rowsOfKind(kind: string): string {
  return pages[kind] ?? `objects?kind=${kind}`
}

export function toInventory(rows: {
  readonly findings: readonly FindingRow[]
  readonly objects: readonly ObjectCountRow[]
  /** Quotas, limit ranges, claims, services, autoscalers. */
  readonly shown: readonly ObjectListRow[]
}): Inventory {
  const ofKind = (kind: string) => rows.shown.filter((row) => row.kind === kind).map(toObjectRow)
  return {
    findings: rows.findings
      .filter((row) => row.count > 0 || (templateFindings.has(row.id) && row.before > 0))
      .map((row) => toFinding(row, rows.objects))
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

function toFinding(row: FindingRow, objects: readonly ObjectCountRow[]): Finding {
  const outOf = objects
    .filter(({ kind }) => row.kinds.includes(kind))
    .reduce((sum, { count }) => sum + count, 0)
  return {
    ...row,
    ...findingKind(row.id),
    before: templateFindings.has(row.id) ? row.before : null,
    outOf,
    kinds: [...row.kinds],
    owners: row.owners.map(([kind, namespace, name, count]) => ({ kind, namespace, name, count })),
    objects: row.objects.map(([kind, namespace, name, ownerKind, owner, detail]) => ({
      ...{ kind, namespace, name },
      ...(ownerKind === kind && owner === name ? { ownerKind: '', owner: '' } : { ownerKind, owner }),
      detail,
    })),
    rows: rowsOfFindings(row.kinds.length === 0 ? ['Pod'] : row.kinds, [row.id]),
  }
}
