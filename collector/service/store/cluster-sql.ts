/**
 * The schema of one server as the schema of a ClickHouse cluster (docs/decisions/0026-clickhouse-cluster.md). Migrations are
 * written for one server; here each statement becomes those that do the same on all servers of a cluster:
 *
 *   NAME_local   on every server, replicated within its shard
 *   NAME         on every server, a Distributed table over the shards: what everything else reads and writes
 */
export interface Cluster {
  readonly cluster: string
  readonly database: string
}

const create =
  /^CREATE TABLE IF NOT EXISTS (\w+) (\([\s\S]*\))\s*ENGINE = (\w*MergeTree)(?:\(([^)]*)\))?([\s\S]*)$/
const alter = /^ALTER TABLE (\w+)\s+([\s\S]*)$/
const drop = /^DROP TABLE IF EXISTS (\w+)$/
const truncate = /^TRUNCATE TABLE IF EXISTS (\w+)$/

/** Statements in order, each on all servers. Throws on a form that no migration has had. */
export function clusterStatements(statement: string, cluster: Cluster): string[] {
  const local = (table: string) => nameOf(`${table}_local`, cluster)
  const created = create.exec(statement)
  if (created) {
    const [, table = '', columns = '', engine = '', args = '', rest = ''] = created
    const replica = [
      "'/clickhouse/tables/{shard}/{database}/{table}'",
      "'{replica}'",
      ...(args ? [args] : []),
    ]
    const settings = rest.replace('non_replicated_deduplication_window', 'replicated_deduplication_window')
    return [
      `CREATE TABLE IF NOT EXISTS ${local(table)} ${columns}\nENGINE = Replicated${engine}(${replica.join(', ')})${settings}`,
      `CREATE TABLE IF NOT EXISTS ${distributed(table, cluster)}`,
    ]
  }
  const altered = alter.exec(statement)
  if (altered) {
    const [, table = '', changes = ''] = altered
    const change = `ALTER TABLE ${local(table)} ${changes}`
    // Partitions are of the local tables alone; columns are of both, and the outer table has nothing to lose.
    if (/^DROP PARTITION\b/.test(changes)) return [change]
    return [change, `CREATE OR REPLACE TABLE ${distributed(table, cluster)}`]
  }
  const dropped = drop.exec(statement)
  if (dropped) {
    const [, table = ''] = dropped
    // SYNC: the same path in Keeper may be taken again at once.
    return [nameOf(table, cluster), local(table)].map((name) => `DROP TABLE IF EXISTS ${name} SYNC`)
  }
  const truncated = truncate.exec(statement)
  if (truncated) return [`TRUNCATE TABLE IF EXISTS ${local(truncated[1] ?? '')} SYNC`]
  if (/^INSERT INTO \w+\s+(?:\([^)]*\)\s*)?SELECT\b/.test(statement)) return [statement]
  throw new Error(`BUG: cannot carry this statement over to a cluster: ${statement.slice(0, 100)}`)
}

const nameOf = (table: string, { cluster, database }: Cluster) =>
  `\`${database}\`.\`${table}\` ON CLUSTER \`${cluster}\``

const distributed = (table: string, { cluster, database }: Cluster) =>
  `${nameOf(table, { cluster, database })} AS \`${database}\`.\`${table}_local\`\n` +
  `ENGINE = Distributed('${cluster}', '${database}', '${table}_local', ${shardOf(table)})`

/**
 * What decides on the shard of a row. Rows of one key must meet on one shard, where they collapse; what is written as one must
 * become visible as one: the rows of a minute or hour with the row that says its generation, the records of a batch.
 */
export function shardOf(table: string): string {
  switch (table) {
    case 'spans':
      return 'cityHash64(trace_id)'
    case 'metrics':
      return 'cityHash64(metric, cluster_id, namespace, pod)'
    case 'logs':
      return "cityHash64(batch_id, if(batch_id = '', received_at, toDateTime64(0, 3)))"
    case 'snapshots':
      return 'intDiv(toUnixTimestamp(start_time), 60)'
    case 'trace_index':
    case 'thresholds_1m':
      return 'intDiv(toUnixTimestamp(minute), 60)'
  }
  if (/_1m$/.test(table)) return 'intDiv(toUnixTimestamp(minute), 60)'
  if (/_1h$/.test(table)) return 'intDiv(toUnixTimestamp(hour), 3600)'
  return '0'
}

/** A batch may lie on several shards, so that a look at some of its rows does not tell of all of them. */
export const isScattered = (table: string) => table === 'spans' || table === 'metrics'

/** Of every statement. The first number is how many replicas must have a row before it is acknowledged. */
export function clusterSettings(insertQuorum: number): Record<string, string | number> {
  return {
    // An insert answers when the shards have committed it, not when it lies in a queue.
    distributed_foreground_insert: 1,
    insert_quorum: String(insertQuorum),
    insert_quorum_timeout: 30_000,
    // What one statement has written the next one reads: from the same replica, while it lives; never from one that lags.
    load_balancing: 'in_order',
    prefer_localhost_replica: 0,
    use_hedged_requests: 0,
    max_replica_delay_for_distributed_queries: 30,
    fallback_to_stale_replicas_for_distributed_queries: 0,
    // Both sides of a join or an IN may be on all shards: each asks all of them for the right one. `global`, which asks once,
    // fails on nested ones (26.7: "Invalid local IN function name globalIn").
    distributed_product_mode: 'allow',
    // A rollup is made of all shards, not of each for itself.
    parallel_distributed_insert_select: 0,
    // The outer table is made from the inner one of its own server, which must have changed by then.
    alter_sync: '2',
    distributed_ddl_task_timeout: 300,
  }
}
