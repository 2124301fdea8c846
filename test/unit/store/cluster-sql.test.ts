import { describe, expect, test } from 'vitest'
import { clusterStatements, shardOf } from '../../../collector/service/store/cluster-sql.ts'
import { readMigrations } from '../../../collector/service/store/migrate.ts'

const on = { cluster: 'main', database: 'binnacle' }
const carried = (statement: string) => clusterStatements(statement, on)
const outer = (table: string, key: string) =>
  `TABLE \`binnacle\`.\`${table}\` ON CLUSTER \`main\` AS \`binnacle\`.\`${table}_local\`\n` +
  `ENGINE = Distributed('main', 'binnacle', '${table}_local', ${key})`
const replica = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"

test.each<[what: string, statement: string, want: string[]]>([
  [
    'a table',
    'CREATE TABLE IF NOT EXISTS agents (\n  id String,\n  n UInt8 CODEC(T64, ZSTD(1))\n)\nENGINE = ReplacingMergeTree(seen)\nORDER BY id\nSETTINGS non_replicated_deduplication_window = 1000',
    [
      `CREATE TABLE IF NOT EXISTS \`binnacle\`.\`agents_local\` ON CLUSTER \`main\` (\n  id String,\n  n UInt8 CODEC(T64, ZSTD(1))\n)\nENGINE = ReplicatedReplacingMergeTree(${replica}, seen)\nORDER BY id\nSETTINGS replicated_deduplication_window = 1000`,
      `CREATE TABLE IF NOT EXISTS ${outer('agents', '0').slice(6)}`,
    ],
  ],
  [
    'a column: the outer table is made anew from the inner',
    'ALTER TABLE spans ADD COLUMN IF NOT EXISTS x Bool AFTER y',
    [
      'ALTER TABLE `binnacle`.`spans_local` ON CLUSTER `main` ADD COLUMN IF NOT EXISTS x Bool AFTER y',
      `CREATE OR REPLACE ${outer('spans', 'cityHash64(trace_id)')}`,
    ],
  ],
  [
    'a partition: of the inner table alone',
    'ALTER TABLE rollup_entries DROP PARTITION 12',
    ['ALTER TABLE `binnacle`.`rollup_entries_local` ON CLUSTER `main` DROP PARTITION 12'],
  ],
  [
    'the end of a table',
    'DROP TABLE IF EXISTS snapshots',
    [
      'DROP TABLE IF EXISTS `binnacle`.`snapshots` ON CLUSTER `main` SYNC',
      'DROP TABLE IF EXISTS `binnacle`.`snapshots_local` ON CLUSTER `main` SYNC',
    ],
  ],
  [
    'all rows',
    'TRUNCATE TABLE IF EXISTS spans',
    ['TRUNCATE TABLE IF EXISTS `binnacle`.`spans_local` ON CLUSTER `main` SYNC'],
  ],
  ['rows: into the outer table', 'INSERT INTO a\nSELECT 1', ['INSERT INTO a\nSELECT 1']],
])('on a cluster: %s', (_what, statement, want) => {
  expect(carried(statement)).toEqual(want)
})

test('what no migration has had is refused', () => {
  expect(() => carried('RENAME TABLE a TO b')).toThrow('cannot carry this statement over')
})

describe('the migrations', () => {
  const statements = readMigrations().flatMap((migration) => migration.statements)
  const tables = statements.flatMap((statement) => {
    const [, name = ''] = /^CREATE TABLE IF NOT EXISTS (\w+)/.exec(statement) ?? []
    const [, engine = ''] = /^ENGINE = (\w+)/m.exec(statement) ?? []
    const [, key = ''] = /^ORDER BY (.*)$/m.exec(statement) ?? []
    return name ? [{ name, engine, key }] : []
  })

  test('every statement can be carried over, and names the cluster', () => {
    const all = statements.flatMap(carried)
    expect(all.length).toBeGreaterThan(statements.length)
    for (const statement of all) expect(statement).toMatch(/ON CLUSTER `main`|^INSERT/)
    for (const statement of all) expect(statement).not.toMatch(/ENGINE = (?!Replicated|Distributed)/)
  })

  test.each(tables.map(({ name, engine, key }) => [name, engine, key] as const))(
    'rows of one key of %s meet on one shard',
    (name, engine, key) => {
      const columns = shardOf(name)
        .replace(/'[^']*'/g, '')
        .match(/\b[a-z_]+\b(?!\()/g)
      if (engine === 'MergeTree') return // Nothing collapses.
      for (const column of columns ?? []) expect(key).toMatch(new RegExp(`\\b${column}\\b`))
    },
  )
})
