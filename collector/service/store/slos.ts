import { createHash, randomUUID } from 'node:crypto'
import { auditTable } from '../../record/remote-config.ts'
import { type Slo, type SloDefinition, slosMax, slosTable } from '../../record/slo.ts'
import { errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import type { Store } from './store.ts'

/**
 * The service-level objectives: the newest version of each counts. A version is written once: inserts of one version share a
 * deduplication token, and who finds another's row under it has lost the race. Every change is in the audit log.
 */
export interface Slos {
  list(): Promise<readonly Slo[]>
  save(change: SloChange): Promise<SloOutcome>
}

export interface SloChange {
  /** '' makes a new one. */
  readonly sloId: string
  /** The version it is based on; 0: a new one. */
  readonly version: number
  /** Null removes it. */
  readonly definition: SloDefinition | null
  readonly changedBy: string
}

export type SloOutcome =
  | { readonly type: 'saved'; readonly sloId: string; readonly version: number }
  | { readonly type: 'unknown' }
  | { readonly type: 'conflict'; readonly newest: number }
  | { readonly type: 'refused' | 'unavailable'; readonly message: string }

interface Deps {
  readonly store: Pick<Store, 'query' | 'insert'>
  readonly clock: Pick<Clock, 'nowMs'>
  readonly log: Log
}

interface SloRow {
  readonly sloId: string
  readonly version: number
  readonly definition: string
  readonly changedAtMs: number
  readonly changedBy: string
}

export function createSlos({ store, clock, log }: Deps): Slos {
  async function list(): Promise<Slo[]> {
    const rows = await store.query<SloRow>(newest)
    // Only `save` writes rows.
    return rows.map((row) => ({ ...row, definition: JSON.parse(row.definition) as SloDefinition }))
  }

  return {
    list,
    async save({ sloId, version, definition, changedBy }) {
      try {
        const known = await list()
        const before = known.find((one) => one.sloId === sloId)
        if (sloId !== '' && before === undefined) return { type: 'unknown' }
        if (before && before.version !== version) return { type: 'conflict', newest: before.version }
        const refusal = definition && whyNot(known, sloId, definition)
        if (refusal) return { type: 'refused', message: refusal }
        const changeId = randomUUID()
        const id = sloId || createHash('sha256').update(changeId).digest('hex').slice(0, 16)
        const next = (before?.version ?? 0) + 1
        const nowMs = clock.nowMs()
        const row = {
          slo_id: id,
          version: BigInt(next),
          definition: definition ? JSON.stringify(definition) : '',
          change_id: changeId,
          changed_at: nowMs,
          changed_by: changedBy,
        }
        const outcome = await store.insert({ table: slosTable, rows: [row] }, `slo-${id}-${next}`)
        if (outcome.type !== 'stored') return { type: 'unavailable', message: outcome.message }
        const [written] = await store.query<{ changeId: string }>(changeOf(id, next))
        if (written?.changeId !== changeId) return { type: 'conflict', newest: next }
        const entry = {
          time: nowMs,
          actor: changedBy,
          action: definition ? 'slos.save' : 'slos.remove',
          cluster_id: '',
          subject: `${definition?.name ?? before?.definition.name} (${id}) version ${next}`,
          detail: JSON.stringify({ before: before?.definition ?? null, after: definition }),
        }
        const audited = await store.insert({ table: auditTable, rows: [entry] }, `audit-${changeId}`)
        if (audited.type !== 'stored') log.error({ cause: audited.message }, 'cannot write to the audit log')
        return { type: 'saved', sloId: id, version: next }
      } catch (error) {
        return { type: 'unavailable', message: errorText(error) }
      }
    },
  }
}

function whyNot(known: readonly Slo[], sloId: string, { name, application }: SloDefinition): string {
  const others = known.filter((one) => one.sloId !== sloId)
  if (sloId === '' && others.length >= slosMax) return `there are ${slosMax} objectives already: remove one`
  const same = others.some(
    ({ definition }) => definition.name === name && definition.application === application,
  )
  return same ? `${application} has another objective of this name: violations are told apart by it` : ''
}

const newest = {
  sql: `
SELECT
  slo_id AS sloId, toFloat64(max(version)) AS version, argMax(slos.definition, slos.version) AS definition,
  toUnixTimestamp64Milli(argMax(changed_at, slos.version)) AS changedAtMs, argMax(changed_by, slos.version) AS changedBy
FROM slos
GROUP BY slo_id
HAVING definition != ''
ORDER BY slo_id
LIMIT ${slosMax}`,
  params: {},
}

function changeOf(sloId: string, version: number) {
  return {
    sql: `
SELECT change_id AS changeId FROM slos
WHERE slo_id = {sloId:String} AND version = {version:UInt64} LIMIT 1`,
    params: { sloId, version },
  }
}
