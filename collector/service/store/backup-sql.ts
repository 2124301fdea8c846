/** Where ClickHouse itself puts a backup: a disk that its configuration allows for it, or a folder of an S3 bucket. */
export type BackupPlace =
  | { readonly type: 'disk'; readonly disk: string }
  | {
      readonly type: 's3'
      readonly url: string
      readonly accessKeyId: string
      readonly secretAccessKey: string
    }

export interface Backup {
  readonly name: string
  readonly place: BackupPlace
  readonly database: string
  /** Empty: one server. */
  readonly cluster: string
}

/** https://clickhouse.com/docs/operations/backup: consistent for each table, of a moment within its run. */
export const backupStatement = (backup: Backup) =>
  `BACKUP DATABASE ${quoted(backup.database)}${on(backup)} TO ${place(backup)}`

/** Into a database that is not there, or has no rows. `as`: under another name, to look whether a backup is good. */
export const restoreStatement = (backup: Backup, as: string) =>
  `RESTORE DATABASE ${quoted(backup.database)}${as ? ` AS ${quoted(as)}` : ''}${on(backup)} FROM ${place(backup)}`

const on = ({ cluster }: Backup) => (cluster ? ` ON CLUSTER ${quoted(cluster)}` : '')

function place({ name, place }: Backup): string {
  if (place.type === 'disk') return `Disk(${text(place.disk)}, ${text(name)})`
  const url = text(`${place.url.replace(/\/+$/, '')}/${name}`)
  // Without keys the server uses its own: an instance role, or the environment.
  const keys = place.accessKeyId ? `, ${text(place.accessKeyId)}, ${text(place.secretAccessKey)}` : ''
  return `S3(${url}${keys})`
}

const quoted = (name: string) => `\`${name.replaceAll('`', '')}\``
const text = (value: string) => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
