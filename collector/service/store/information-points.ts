import { randomUUID } from 'node:crypto'
import { type InformationPoint, informationPointsTable } from '../../record/information-point.ts'
import { auditTable } from '../../record/remote-config.ts'
import { errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import type { Store } from './store.ts'

/**
 * The information points of applications. A version is written once: inserts of one version share a deduplication token, and
 * who finds another's row under it has lost the race, as with the configuration of agents.
 */
export interface InformationPoints {
  list(application: string): Promise<readonly StoredPoint[]>
  save(change: PointChange): Promise<PointOutcome>
}

export interface StoredPoint {
  readonly id: string
  readonly version: number
  readonly definition: InformationPoint
  readonly changedAtMs: number
  readonly changedBy: string
}

export interface PointChange {
  readonly application: string
  /** Undefined: a new one. */
  readonly id: string | undefined
  /** The version it is based on; 0 of a new one. */
  readonly version: number
  /** Undefined: it is deleted. */
  readonly definition: InformationPoint | undefined
  readonly changedBy: string
}

export type PointOutcome =
  | { readonly type: 'saved'; readonly id: string; readonly version: number }
  | { readonly type: 'conflict' }
  | { readonly type: 'unavailable'; readonly message: string }

export interface InformationPointsDeps {
  readonly store: Pick<Store, 'query' | 'insert'>
  readonly clock: Pick<Clock, 'nowMs'>
  readonly log: Pick<Log, 'error'>
}

export function createInformationPoints({ store, clock, log }: InformationPointsDeps): InformationPoints {
  async function list(application: string): Promise<readonly StoredPoint[]> {
    const rows = await store.query<PointRow>(newestPoints(application))
    return rows.map(({ definition, ...row }) => ({
      ...row,
      definition: JSON.parse(definition) as InformationPoint, // Only `save` writes rows.
    }))
  }
  return {
    list,
    async save({ application, id = randomUUID(), version, definition, changedBy }) {
      try {
        const before = (await list(application)).find((point) => point.id === id)
        if ((before?.version ?? 0) !== version) return { type: 'conflict' }
        const changeId = randomUUID()
        const next = version + 1
        const row = {
          id,
          version: BigInt(next),
          application,
          definition: definition ? JSON.stringify(definition) : '',
          change_id: changeId,
          changed_at: clock.nowMs(),
          changed_by: changedBy,
        }
        const outcome = await store.insert(
          { table: informationPointsTable, rows: [row] },
          `information-point-${id}-${next}`,
        )
        if (outcome.type !== 'stored') return { type: 'unavailable', message: outcome.message }
        const [written] = await store.query<{ changeId: string }>(changeOf(id, next))
        if (written?.changeId !== changeId) return { type: 'conflict' }
        const entry = {
          time: clock.nowMs(),
          actor: changedBy,
          action: definition ? 'information-points.save' : 'information-points.delete',
          cluster_id: '',
          subject: `${application} ${definition?.name ?? before?.definition.name ?? id}`,
          detail: JSON.stringify({ before: before?.definition, after: definition }),
        }
        const audited = await store.insert({ table: auditTable, rows: [entry] }, `audit-${changeId}`)
        if (audited.type !== 'stored') log.error({ cause: audited.message }, 'cannot write to the audit log')
        return { type: 'saved', id, version: next }
      } catch (error) {
        return { type: 'unavailable', message: errorText(error) }
      }
    },
  }
}

interface PointRow extends Omit<StoredPoint, 'definition'> {
  readonly definition: string
}

function newestPoints(application: string) {
  return {
    sql: `
SELECT
  id, toFloat64(version) AS version, definition, toUnixTimestamp64Milli(changed_at) AS changedAtMs, changed_by AS changedBy
FROM information_points
WHERE application = {application:String} AND definition != '' AND (id, version) IN (
  SELECT id, max(version) FROM information_points WHERE application = {application:String} GROUP BY id
)
ORDER BY JSONExtractString(definition, 'name'), id`,
    params: { application },
  }
}

function changeOf(id: string, version: number) {
  return {
    sql: `
SELECT change_id AS changeId FROM information_points
WHERE id = {id:String} AND version = {version:UInt64} LIMIT 1`,
    params: { id, version },
  }
}
