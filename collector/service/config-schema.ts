import { type Static, type TSchema, Type } from 'typebox'
import { IngestRule, rulesMax } from '../record/ingest-rule.ts'

/** The keys of the service's configuration, which are the Helm values' keys, with defaults, bounds and units. */
const Text = (text: string, description: string) =>
  Type.String({ maxLength: 4_096, default: text, description })
const Count = (value: number, [minimum, maximum]: readonly [number, number], description: string) =>
  Type.Integer({ minimum, maximum, default: value, description })
const Group = <T extends Record<string, TSchema>>(properties: T) =>
  Type.Object(properties, { additionalProperties: false, default: {} })

const MiB = 1024 ** 2

export const ServiceConfig = Group({
  listen: Group({
    host: Text('127.0.0.1', 'address to listen on; 0.0.0.0 in a container'),
    port: Count(8_420, [0, 65_535], 'port of UI, API and OTLP/HTTP; 0: any free port'),
  }),
  otlp: Group({
    host: Text('', 'address of the ports for OTLP; empty: listen.host'),
    http: Group({
      enabled: Type.Boolean({ default: true, description: 'whether to take OTLP/HTTP on a port of its own' }),
      port: Count(4_318, [0, 65_535], 'port of OTLP/HTTP, HTTP/1.1 and HTTP/2; 0: any free port'),
    }),
    grpc: Group({
      enabled: Type.Boolean({ default: true, description: 'whether to take OTLP over gRPC' }),
      port: Count(4_317, [0, 65_535], 'port of OTLP over gRPC; 0: any free port'),
    }),
  }),
  clickhouse: Group({
    url: Text('', 'http://host:8123 of a ClickHouse server; empty: the embedded engine'),
    cluster: Type.String({
      pattern: '^[A-Za-z0-9_.{}-]{0,100}$',
      default: '',
      description:
        'name of a ClickHouse cluster (system.clusters): tables are replicated, and spread over its shards; empty: one server',
    }),
    insertQuorum: Count(
      2,
      [0, 10],
      'replicas of a shard of that cluster that must have a row before it is acknowledged; 0: the one that takes it',
    ),
    database: Type.String({
      pattern: '^[A-Za-z_][A-Za-z0-9_]{0,62}$',
      default: 'binnacle',
      description: 'name of the database: letters, digits and _',
    }),
    username: Text('default', 'user of the database'),
    password: Text('', 'password of the user; empty: none'),
    passwordFile: Text('', 'a file with the password; wins over password'),
    waitSeconds: Count(
      90,
      [0, 3_600],
      'seconds; how long to wait at start for a ClickHouse that does not answer',
    ),
  }),
  notice: Text('', 'a text on every page of the UI'),
  ui: Group({ directory: Text('', 'the built web UI; empty: the one of this installation') }),
  ingest: Group({
    workers: Count(
      -1,
      [-1, 64],
      'threads that inflate and decode; 0: none, the main thread does it; -1: one less than the cores, 8 at the most',
    ),
    blockRowsMax: Count(100_000, [1_000, 1_000_000], 'rows; the open group is inserted when it has so many'),
    blockAgeMs: Count(100, [5, 1_000], 'ms; or when it is so old'),
    blockBytesMax: Count(64 * MiB, [MiB, 256 * MiB], 'bytes; or when its decoded blocks have so many'),
    bytesWaitingMax: Count(
      256 * MiB,
      [MiB, 16_384 * MiB],
      'bytes; bodies and decoded blocks that are not committed, 429 beyond; one sender holds at most three quarters',
    ),
    rowsWaitingMax: Count(
      400_000,
      [10_000, 10_000_000],
      'rows; decoded and not committed, 429 beyond; one sender holds at most three quarters',
    ),
    bodyBytesMax: Count(64 * MiB, [MiB, 1_024 * MiB], 'bytes; one OTLP request, inflated'),
    inFlightBytesMax: Count(
      256 * MiB,
      [MiB, 16_384 * MiB],
      'bytes; all OTLP requests in the house, as they travel',
    ),
    rules: Type.Array(IngestRule, {
      maxItems: rulesMax,
      default: [],
      description: 'rules in order: what to drop, keep, sample, remove, redact, set, rename',
    }),
    hashKey: Text('', 'key of the hashes that stand for redacted values; the same on all replicas'),
    hashKeyFile: Text('', 'a file with that key; wins over hashKey'),
  }),
  query: Group({
    maxExecutionSeconds: Count(20, [1, 600], 'seconds; the longest query of a screen'),
    maxMemoryBytes: Count(1_024 * MiB, [16 * MiB, 1_024 * 1_024 * MiB], 'bytes; memory of one query'),
  }),
  accessKeys: Type.Array(Type.String({ minLength: 8, maxLength: 512 }), {
    maxItems: 100,
    default: [],
    description:
      'keys of 8 characters or more; senders must present one as a bearer token when there are any',
  }),
  accessKeyFile: Text('', 'a file with more access keys, one a line'),
  health: Group({ intervalSeconds: Count(15, [1, 3_600], 'seconds; how often the health rules run') }),
  rollup: Group({
    enabled: Type.Boolean({
      default: true,
      description: 'whether this replica rolls minutes up; one that does is enough, several do no harm',
    }),
    intervalSeconds: Count(15, [1, 3_600], 'seconds; how often minutes with new spans are rolled up'),
    restFactor: Count(
      3,
      [0, 100],
      'after work the job rests so many times as long; 3: at most a quarter of one core (of two, for minutes of more than a million spans), and it falls behind under overload',
    ),
  }),
  log: Group({
    level: Type.Union(
      [
        Type.Literal('trace'),
        Type.Literal('debug'),
        Type.Literal('info'),
        Type.Literal('warn'),
        Type.Literal('error'),
        Type.Literal('silent'),
      ],
      { default: 'info', description: 'trace, debug, info, warn, error or silent' },
    ),
  }),
})
export type ServiceConfig = Static<typeof ServiceConfig>
