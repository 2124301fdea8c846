import type { ObjectCondition } from '../../record/kube.ts'
import type { ObjectListRow } from '../query/objects.ts'
import { compareFindings, findingKind } from './finding-kinds.ts'
import { quotaUses } from './quota.ts'
import type { Condition, ObjectFinding, ObjectRow } from './schema/objects.ts'

export function toObjectRow({ conditions, findings, ...row }: ObjectListRow): ObjectRow {
  return {
    ...row,
    labels: { ...row.labels },
    facts: { ...row.facts },
    amounts: { ...row.amounts },
    conditions: readConditions(conditions),
    findings: toFindings(findings),
    quota: quotaUses(row.amounts),
  }
}

/** Worst first. */
export function toFindings(pairs: readonly (readonly [id: string, detail: string])[]): ObjectFinding[] {
  return pairs
    .map(([id, detail]) => ({ id, ...findingKind(id), detail }))
    .sort((a, b) => compareFindings(a.id, b.id))
}

/** Written by our ingest from a checked record; anything else shows as none. */
export function readConditions(json: string): Condition[] {
  const value: unknown = JSON.parse(json === '' ? '[]' : json)
  return Array.isArray(value) ? (value as ObjectCondition[]) : []
}
