import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Embedded, startEmbedded } from '../../../collector/embedded/supervise.ts'
import {
  type BackupPlace,
  backupStatement,
  restoreStatement,
} from '../../../collector/service/store/backup-sql.ts'
import { createStore, type OpenStore } from '../../../collector/service/store/create-store.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { configFile, hasHelm, render } from '../../support/helm.ts'
import { startCli } from '../../support/processes.ts'

const of = (place: BackupPlace, cluster = '') => ({ name: 'monday', place, database: 'binnacle', cluster })
const s3 = (accessKeyId: string): BackupPlace => ({
  type: 's3',
  url: 'https://s3.example.com/bucket/b/',
  accessKeyId,
  secretAccessKey: "it's",
})

test.each([
  [
    backupStatement(of({ type: 'disk', disk: 'backups' })),
    "BACKUP DATABASE `binnacle` TO Disk('backups', 'monday')",
  ],
  [
    backupStatement(of(s3('id'), 'main')),
    "BACKUP DATABASE `binnacle` ON CLUSTER `main` TO S3('https://s3.example.com/bucket/b/monday', 'id', 'it\\'s')",
  ],
  [
    restoreStatement(of(s3('')), 'check'),
    "RESTORE DATABASE `binnacle` AS `check` FROM S3('https://s3.example.com/bucket/b/monday')",
  ],
])('%s', (statement, want) => {
  expect(statement).toBe(want)
})

/** The bundled server's configuration, where there is Helm to render it. */
const serverXml = () =>
  hasHelm
    ? configFile(render('binnacle', { files: ['binnacle/examples/bundled.yaml'] }), 'server.xml').yaml.text
    : `<clickhouse>
        <storage_configuration><disks><backups><type>local</type><path>/backups/</path></backups></disks></storage_configuration>
        <backups><allowed_disk>backups</allowed_disk></backups>
      </clickhouse>`

describe('binnacle backup and restore', () => {
  const directory = mkdtempSync(join(tmpdir(), 'binnacle-backup-'))
  let embedded: Embedded
  let store: OpenStore
  beforeAll(async () => {
    // As the image of a server has it: ClickHouse merges what lies in config.d.
    const [path, folder] = ['backups', 'config.d'].map((name) => join(directory, name))
    for (const each of [path, folder]) mkdirSync(each ?? '')
    const file = join(directory, 'config.xml')
    writeFileSync(file, '<clickhouse><mysql_port>9004</mysql_port><text_log/></clickhouse>')
    writeFileSync(join(folder ?? '', 'server.xml'), serverXml().replace('/backups/', `${path}/`))
    embedded = await startEmbedded({ dataDir: join(directory, 'data'), configFile: file, log: silentLog })
    store = createStore({ url: embedded.url, database: 'default' })
    await store.client.command({ query: 'CREATE DATABASE binnacle' })
    await store.client.command({
      query:
        'CREATE TABLE binnacle.numbers ENGINE = MergeTree ORDER BY number AS SELECT number FROM numbers(1000)',
    })
  })
  afterAll(async () => {
    await store?.close()
    await embedded?.close()
    rmSync(directory, { recursive: true, force: true })
  })

  async function binnacle(...args: string[]) {
    const child = startCli(...args, '--clickhouse-url', embedded.url)
    return { code: await child.exited, output: child.output() }
  }
  const rows = async (database: string) =>
    (
      await store.query<{ rows: number }>({
        sql: `SELECT count() AS rows FROM ${database}.numbers`,
        params: {},
      })
    )[0]?.rows

  test('bring every row back, beside the database or in its place', async () => {
    expect(await binnacle('backup', '--disk', 'backups', '--name', 'monday')).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^binnacle: backed up to monday in \d+ s\n$/),
    })
    expect(await binnacle('restore', 'monday', '--disk', 'backups', '--as', 'check')).toMatchObject({
      code: 0,
    })
    expect(await rows('check')).toBe(1000)
    await store.client.command({ query: 'DROP DATABASE binnacle SYNC' })
    expect(await binnacle('restore', 'monday', '--disk', 'backups')).toMatchObject({ code: 0 })
    expect(await rows('binnacle')).toBe(1000)
  })

  test('say in a sentence what is wrong', async () => {
    expect(await binnacle('backup')).toEqual({
      code: 1,
      output: 'binnacle: cannot tell where backups are: expected one of --disk and --s3\n',
    })
    const { code, output } = await binnacle('restore', 'never', '--disk', 'backups')
    expect(code).toBe(1)
    expect(output).toMatch(/^binnacle: cannot restore from never: .*not found/)
  })
})
