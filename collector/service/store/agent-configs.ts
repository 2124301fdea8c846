import { createHash, randomUUID } from 'node:crypto'
import { agentConfigsTable, auditTable, type RemoteConfig } from '../../record/remote-config.ts'
import { errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import type { Store } from './store.ts'

/**
 * The configuration of each cluster's agents, as the UI has set it: the newest version counts.
 *
 * Reads go through a copy of all clusters in memory that is at most `refreshMs` old, so that hundreds of agents that ask
 * cost one small query. While somebody waits for a change the copy is kept fresh, since another replica may write.
 * A version is written once: inserts of one version share a deduplication token, and who finds another's row under it has
 * lost the race. Limit: one entry a cluster.
 */
export interface AgentConfigs {
  current(clusterId: string): Promise<AgentConfigVersion>
  save(change: AgentConfigChange): Promise<SaveOutcome>
  /** Resolves when the hash is not (or no longer) the cluster's, and when the signal aborts. */
  changed(clusterId: string, hash: string, signal: AbortSignal): Promise<void>
  /** Lets go all who wait. */
  close(): void
}

export interface AgentConfigVersion {
  /** 0: nothing was set yet. */
  readonly version: number
  readonly config: RemoteConfig
  readonly changedAtMs: number
  readonly changedBy: string
  /** Hexadecimal, '' at version 0. */
  readonly hash: string
}

export interface AgentConfigChange {
  readonly clusterId: string
  /** The version it is based on. */
  readonly version: number
  readonly config: RemoteConfig
  readonly changedBy: string
}

export type SaveOutcome =
  | { readonly type: 'saved'; readonly saved: AgentConfigVersion }
  | { readonly type: 'conflict'; readonly newest: AgentConfigVersion }
  | { readonly type: 'unavailable'; readonly message: string }

export interface AgentConfigsDeps {
  readonly store: Pick<Store, 'query' | 'insert'>
  readonly clock: Clock
  readonly log: Log
}

const nothing: AgentConfigVersion = { version: 0, config: {}, changedAtMs: 0, changedBy: '', hash: '' }

export function createAgentConfigs(
  { store, clock, log }: AgentConfigsDeps,
  { refreshMs = 1_500 }: { readonly refreshMs?: number } = {},
): AgentConfigs {
  let known: ReadonlyMap<string, AgentConfigVersion> = new Map()
  let readAtMs = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | undefined
  let watching = false
  const waiting = new Set<() => void>()
  const closing = new AbortController()

  async function read(): Promise<void> {
    const rows = await store.query<ConfigRow>(newestConfigs)
    known = new Map(rows.map((row) => [row.clusterId, versionOf(row)]))
    readAtMs = clock.monotonicMs()
    for (const look of [...waiting]) look()
  }

  function refresh(): Promise<void> {
    reading ??= read().finally(() => {
      reading = undefined
    })
    return reading
  }

  const newestOf = (clusterId: string) => known.get(clusterId) ?? nothing

  async function watch(): Promise<void> {
    if (watching) return
    watching = true
    while (waiting.size > 0 && !closing.signal.aborted) {
      await clock.sleep(refreshMs, closing.signal)
      if (closing.signal.aborted) return
      await refresh().catch((error: unknown) =>
        log.debug({ cause: errorText(error) }, 'cannot read the configuration of agents now'),
      )
    }
    watching = false
  }

  return {
    async current(clusterId) {
      if (clock.monotonicMs() - readAtMs > refreshMs) await refresh()
      return newestOf(clusterId)
    },
    async save({ clusterId, version, config, changedBy }) {
      try {
        await read()
        const before = newestOf(clusterId)
        if (before.version !== version) return { type: 'conflict', newest: before }
        const changeId = randomUUID()
        const next = version + 1
        const nowMs = clock.nowMs()
        const row = {
          cluster_id: clusterId,
          version: BigInt(next),
          config: JSON.stringify(config),
          change_id: changeId,
          changed_at: nowMs,
          changed_by: changedBy,
        }
        const token = `agent-config-${clusterId}-${next}`
        const outcome = await store.insert({ table: agentConfigsTable, rows: [row] }, token)
        if (outcome.type !== 'stored') return { type: 'unavailable', message: outcome.message }
        const [written] = await store.query<{ changeId: string }>(changeOf(clusterId, next))
        await read()
        if (written?.changeId !== changeId) return { type: 'conflict', newest: newestOf(clusterId) }
        const detail = JSON.stringify({ before: before.config, after: config })
        const entry = {
          time: nowMs,
          actor: changedBy,
          action: 'agents.configure',
          cluster_id: clusterId,
          subject: `version ${next}`,
          detail,
        }
        const audited = await store.insert({ table: auditTable, rows: [entry] }, `audit-${changeId}`)
        if (audited.type !== 'stored') log.error({ cause: audited.message }, 'cannot write to the audit log')
        return { type: 'saved', saved: newestOf(clusterId) }
      } catch (error) {
        return { type: 'unavailable', message: errorText(error) }
      }
    },
    changed(clusterId, hash, signal) {
      const ended = AbortSignal.any([signal, closing.signal])
      return new Promise((resolve) => {
        const look = () => {
          if (!ended.aborted && newestOf(clusterId).hash === hash) return
          waiting.delete(look)
          ended.removeEventListener('abort', look)
          resolve()
        }
        waiting.add(look)
        ended.addEventListener('abort', look)
        look()
        void watch()
      })
    },
    close: () => closing.abort(),
  }
}

interface ConfigRow {
  readonly clusterId: string
  readonly version: number
  readonly config: string
  readonly changedAtMs: number
  readonly changedBy: string
}

function versionOf({ version, config, changedAtMs, changedBy }: ConfigRow): AgentConfigVersion {
  return {
    version: Number(version),
    config: JSON.parse(config) as RemoteConfig, // Only `save` writes rows.
    changedAtMs,
    changedBy,
    hash: hashOf(Number(version), config),
  }
}

/** Agents give it back as it is; the version in front lets us say which one they have. */
function hashOf(version: number, config: string): string {
  const bytes = Buffer.alloc(24)
  bytes.writeBigUInt64BE(BigInt(version))
  createHash('sha256').update(config).digest().copy(bytes, 8, 0, 16)
  return bytes.toString('hex')
}

/** The version in a hash of ours; 0: it is none. */
export function versionInHash(hash: string): number {
  const bytes = Buffer.from(hash, 'hex')
  return bytes.length === 24 ? Number(bytes.readBigUInt64BE()) : 0
}

const newestConfigs = {
  sql: `
SELECT
  cluster_id AS clusterId, toFloat64(version) AS version, config,
  toUnixTimestamp64Milli(changed_at) AS changedAtMs, changed_by AS changedBy
FROM agent_configs
WHERE (cluster_id, version) IN (SELECT cluster_id, max(version) FROM agent_configs GROUP BY cluster_id)`,
  params: {},
}

function changeOf(clusterId: string, version: number) {
  return {
    sql: `
SELECT change_id AS changeId FROM agent_configs
WHERE cluster_id = {clusterId:String} AND version = {version:UInt64} LIMIT 1`,
    params: { clusterId, version },
  }
}
