import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parseAgentConfig } from '../../../collector/agent/config.ts'
import { loadServiceConfig, parseServiceConfig } from '../../../collector/service/config.ts'

const directory = mkdtempSync(join(tmpdir(), 'binnacle-config-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const file = (name: string, text: string) => {
  writeFileSync(join(directory, name), text)
  return join(directory, name)
}
const parse = (text: string) => parseServiceConfig({ yaml: { text, name: 'service.yaml' } })

test('8.1/1 the ports of OTLP are 4317 for gRPC and 4318 for HTTP, of the service and of the agent', () => {
  const { http, grpc } = parseServiceConfig({}).otlp
  expect([grpc, http]).toEqual([
    { enabled: true, port: 4317 },
    { enabled: true, port: 4318 },
  ])
  const { grpcPort, httpPort } = parseAgentConfig({}).receive
  expect([grpcPort, httpPort]).toEqual([4317, 4318])
})

test('nothing given: the defaults', () => {
  expect(parseServiceConfig({})).toMatchObject({
    listen: { host: '127.0.0.1', port: 8420 },
    otlp: { host: '', http: { enabled: true, port: 4318 }, grpc: { enabled: true, port: 4317 } },
    clickhouse: { url: '', database: 'binnacle', username: 'default' },
    query: { maxExecutionSeconds: 20 },
    accessKeys: [],
    rollup: { enabled: true, intervalSeconds: 15, restFactor: 3 },
    log: { level: 'info' },
  })
})

test('options win over the environment, which wins over the file', () => {
  const config = parseServiceConfig({
    yaml: { name: 'service.yaml', text: 'listen: {port: 1}\nnotice: file\nlog: {level: warn}\nui:\n' },
    env: { BINNACLE_LISTEN_PORT: '2', BINNACLE_NOTICE: 'env', BINNACLE_INGEST_BLOCK_AGE_MS: '50' },
    overrides: { 'listen.port': 3, 'listen.host': undefined },
  })
  expect(config.listen).toEqual({ host: '127.0.0.1', port: 3 })
  expect([config.notice, config.log.level, config.ingest.blockAgeMs]).toEqual(['env', 'warn', 50])
})

test('secrets come from files', () => {
  const config = parseServiceConfig({
    overrides: {
      'clickhouse.passwordFile': file('password', 's3cret\n'),
      accessKeyFile: file('keys', 'first-key-1\nsecond-key-2\n'),
    },
  })
  expect(config.clickhouse.password).toBe('s3cret')
  expect(config.accessKeys).toEqual(['first-key-1', 'second-key-2'])
})

describe('ingest rules', () => {
  const rules = (yaml: string) => `ingest: {rules: ${yaml}}`
  test('are kept as they stand', () => {
    const given = [
      {
        name: 'health',
        match: { attributes: { 'http.route': ['/\\/healthz?/', '/ready'] } },
        action: 'drop',
      },
      { name: 'tenth', signals: ['traces'], action: { sample: { ratio: 0.1 } } },
    ]
    expect(parse(rules(JSON.stringify(given))).ingest.rules).toEqual(given)
    const env = { BINNACLE_INGEST_RULES: JSON.stringify(given) }
    expect(parseServiceConfig({ env }).ingest.rules).toEqual(given)
  })
  test('the key of hashes comes from a file', () => {
    const yaml = 'ingest: {rules: [{name: a, action: {redact: {keys: [x], with: hash}}}]}'
    const overrides = { 'ingest.hashKeyFile': file('hash', 'k3y\n') }
    const config = parseServiceConfig({ yaml: { text: yaml, name: 'service.yaml' }, overrides })
    expect(config.ingest.hashKey).toBe('k3y')
  })
  const bad: [yaml: string, part: string][] = [
    ['[{name: a, action: drp}]', 'ingest.rules.0.action is not what it takes (drop, keep, or one of sample'],
    ['[{name: a, action: drop}, {name: b}]', 'ingest.rules.1 must have required properties action'],
    ['[{name: a, action: drp}]', 'ingest.rules.0 is called "a"'],
    ['[{action: drop}]', 'ingest.rules.0 must have required properties name'],
    ['[{name: a b, action: drop}]', 'ingest.rules.0.name must match pattern'],
    ['[{name: a, action: {}}]', 'ingest.rules.0.action is not what it takes'],
    ['[{name: a, action: {smple: {ratio: 1}}}]', 'unknown key ingest.rules.0.action.smple'],
    ['[{name: a, action: {sample: {ratio: 0}}}]', 'ingest.rules.0.action.sample.ratio must be >= 1e-9'],
    ['[{name: a, action: {sample: {ratio: 2}}}]', 'ingest.rules.0.action.sample.ratio must be <= 1'],
    ['[{name: a, action: drop, match: {servce: x}}]', 'unknown key ingest.rules.0.match.servce'],
    ['[{name: a, action: drop, match: {kind: [x]}}]', 'ingest.rules.0.match.kind.0 must be equal to one of'],
    [
      '[{name: a, action: drop, match: {service: "/(/"}}]',
      'rule a: cannot use ingest.rules.0.match.service "/(/"',
    ],
    ['[{name: a, action: {remove: ["/[/"]}}]', 'rule a: cannot use ingest.rules.0.action.remove "/[/"'],
    [
      '[{name: a, action: {redact: {values: ["/x*/"]}}}]',
      'ingest.rules.0.action.redact.values.0 "/x*/": it matches the empty',
    ],
    ['[{name: a, action: {redact: {with: x}}}]', 'ingest.rules.0.action.redact: neither keys nor values'],
    ['[{name: a, action: {redact: {keys: [x], with: hash}}}]', 'hash needs a key: set ingest.hashKey'],
    ['[{name: a, action: drop}, {name: a, action: keep}]', 'ingest.rules.1.name: two rules are called a'],
    ['[{name: a, target: all, action: drop}]', 'rule a: ingest.rules.0.target: only remove'],
    [
      '[{name: a, target: resources, match: {operation: x}, action: {remove: [x]}}]',
      'a resource cannot meet',
    ],
    ['[{name: a, signals: [logs], match: {operation: x}, action: drop}]', 'items of logs cannot meet'],
    ['[{name: a, match: {operation: x, metric: x}, action: drop}]', 'conditions are of different signals'],
    ['[{name: a, signals: [metrics], action: {sample: {ratio: 0.1}}}]', 'metrics are not sampled'],
    [
      `[${Array.from({ length: 201 }, (_, n) => `{name: a${n}, action: drop}`)}]`,
      'ingest.rules must not have more than 200',
    ],
  ]
  test.each(bad)('%.70s', (yaml, part) => {
    expect(() => parse(rules(yaml))).toThrow(part)
  })
})

describe('what cannot be used is named', () => {
  const cases: [yaml: string, part: string][] = [
    ['listen: {prot: 1}', 'service.yaml: unknown key listen.prot'],
    ['port: 1', 'unknown key port'],
    ['listen: {port: 70000}', 'listen.port must be <= 65535'],
    ['listen: {port: web}', 'listen.port must be integer'],
    ['clickhouse: {url: "localhost:8123"}', 'clickhouse.url is not an http address'],
    ['clickhouse: {database: "a-b"}', 'clickhouse.database'],
    ['query: {maxExecutionSeconds: 0}', 'query.maxExecutionSeconds'],
    ['log: {level: loud}', 'log.level'],
    ['accessKeys: [short]', 'accessKeys.0'],
    ['- a', 'not a map of keys'],
    ['a: [', 'cannot read the service configuration service.yaml'],
  ]
  test.each(cases)('%s', (yaml, part) => {
    expect(() => parse(yaml)).toThrow(part)
  })
  test('a file that is not there', () => {
    expect(() => loadServiceConfig({ file: '/nonexistent.yaml' })).toThrow(
      'cannot read the service configuration /nonexistent.yaml',
    )
  })
  test('an empty file of access keys does not open the door', () => {
    expect(() => parseServiceConfig({ overrides: { accessKeyFile: file('empty', '\n') } })).toThrow(
      'holds no key',
    )
  })
})
