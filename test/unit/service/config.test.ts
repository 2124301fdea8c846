import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { loadServiceConfig, parseServiceConfig } from '../../../collector/service/config.ts'

const directory = mkdtempSync(join(tmpdir(), 'binnacle-config-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const file = (name: string, text: string) => {
  writeFileSync(join(directory, name), text)
  return join(directory, name)
}
const parse = (text: string) => parseServiceConfig({ yaml: { text, name: 'service.yaml' } })

test('nothing given: the defaults', () => {
  expect(parseServiceConfig({})).toMatchObject({
    listen: { host: '127.0.0.1', port: 8420 },
    clickhouse: { url: '', database: 'binnacle', username: 'default' },
    query: { maxExecutionSeconds: 20 },
    accessKeys: [],
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
