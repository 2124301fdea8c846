import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClickHouseClient } from '@clickhouse/client'
import { errorText } from '../../std/assert.ts'

export interface MigrationReport {
  readonly applied: readonly string[]
  /** The newest migration of the database. */
  readonly version: number
}

/** The statements that do on this database, which may be a cluster, what this one does on a server. */
export type CarryOver = (statement: string) => readonly string[]

const register = `CREATE TABLE IF NOT EXISTS schema_migrations (
  number UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY number`

interface Migration {
  readonly number: number
  readonly name: string
  readonly checksum: string
  readonly statements: readonly string[]
}

const directory = join(import.meta.dirname, 'schema')

/**
 * Runs the numbered SQL files that the database has not seen, in order.
 * Safe when two replicas start at once without a lock: every statement is written so that running it twice is harmless
 * (IF NOT EXISTS and the like), and the register collapses equal rows.
 * Throws when an applied file has changed since, or when the database is newer than this program.
 */
export async function migrate(client: ClickHouseClient, carryOver: CarryOver): Promise<MigrationReport> {
  for (const query of carryOver(register)) await client.command({ query })
  const migrations = readMigrations()
  const applied = await readApplied(client)
  refuseForeign(migrations, applied)
  const missing = migrations.filter(({ number }) => !applied.has(number))
  for (const migration of missing) await apply(client, migration, carryOver)
  return { applied: missing.map(({ name }) => name), version: migrations.at(-1)?.number ?? 0 }
}

export function readMigrations(): Migration[] {
  return readdirSync(directory)
    .filter((file) => /^\d{4}_.*\.sql$/.test(file))
    .sort()
    .map((name) => {
      const text = readFileSync(join(directory, name), 'utf8')
      return {
        number: Number(name.slice(0, 4)),
        name,
        checksum: createHash('sha256').update(text).digest('hex'),
        statements: statementsOf(text),
      }
    })
}

/** Statements end with a semicolon at the end of a line; comment lines are for the reader. */
function statementsOf(text: string): string[] {
  return text
    .replace(/^\s*--.*$/gm, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter(Boolean)
}

async function readApplied(
  client: ClickHouseClient,
): Promise<Map<number, { name: string; checksum: string }>> {
  const result = await client.query({
    query: 'SELECT number, name, checksum FROM schema_migrations FINAL ORDER BY number',
    format: 'JSONEachRow',
  })
  const rows = await result.json<{ number: number; name: string; checksum: string }>()
  return new Map(rows.map(({ number, name, checksum }) => [number, { name, checksum }]))
}

function refuseForeign(
  migrations: readonly Migration[],
  applied: ReadonlyMap<number, { name: string; checksum: string }>,
): void {
  const newest = migrations.at(-1)?.number ?? 0
  for (const [number, { name, checksum }] of applied) {
    if (number > newest) {
      throw new Error(
        `cannot use this database: it was migrated by a newer program (${name}); upgrade this one`,
      )
    }
    const mine = migrations.find((migration) => migration.number === number)
    if (mine && mine.checksum !== checksum) {
      throw new Error(
        `cannot use this database: migration ${name} was applied with other content than ${mine.name} has now`,
      )
    }
  }
}

async function apply(
  client: ClickHouseClient,
  { number, name, checksum, statements }: Migration,
  carryOver: CarryOver,
): Promise<void> {
  for (const query of statements.flatMap(carryOver)) {
    try {
      await client.command({ query })
    } catch (error) {
      throw new Error(`cannot apply migration ${name}: ${errorText(error)}`, { cause: error })
    }
  }
  await client.insert({
    table: 'schema_migrations',
    columns: ['number', 'name', 'checksum'],
    values: [{ number, name, checksum }],
    format: 'JSONEachRow',
  })
}
