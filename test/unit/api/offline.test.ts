import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { errorCatalogue } from '../../../collector/service/api/errors.ts'
import type { Store } from '../../../collector/service/store/store.ts'
import { createOfflineApp } from '../../support/offline-app.ts'

const docs = (name: string) => readFileSync(join(import.meta.dirname, '../../../docs', name), 'utf8')

test('docs/openapi.json is what the routes say (node test/support/write-openapi.ts writes it)', async () => {
  const app = await createOfflineApp()
  expect((await app.inject({ url: '/openapi.json' })).json()).toEqual(JSON.parse(docs('openapi.json')))
})

test('docs/api.md lists every path and every error code', async () => {
  const app = await createOfflineApp()
  const { paths } = (await app.inject({ url: '/openapi.json' })).json<{ paths: object }>()
  const text = docs('api.md')
  for (const name of [...Object.keys(paths), ...Object.keys(errorCatalogue)])
    expect(text).toContain(`\`${name}\``)
})

describe('a failed query is answered with what to do', () => {
  const failed = (code: string) => Object.assign(new Error('Code'), { code })
  const cases: [name: string, error: Error, status: number, code: string][] = [
    ['the database is away', failed('ECONNREFUSED'), 503, 'database-unavailable'],
    ['the connection broke', new Error('socket hang up'), 503, 'database-unavailable'],
    ['max_execution_time', failed('159'), 504, 'query-timeout'],
    ['the client gave up', new Error('Timeout error.'), 504, 'query-timeout'],
    ['max_memory_usage', failed('241'), 503, 'query-too-large'],
    ['a mistake of ours', failed('47'), 500, 'internal'],
  ]
  test.each(cases)('%s', async (_name, error, status, code) => {
    const app = await createOfflineApp({ query: () => Promise.reject(error) })
    const answer = await app.inject({ url: '/api/v1/agents' })
    expect([answer.statusCode, answer.json()]).toMatchObject([status, { statusCode: status, code }])
    expect(answer.headers['cache-control']).toBe('no-store')
  })
})

test('not ready is said in words', async () => {
  const app = await createOfflineApp()
  const answer = await app.inject({ url: '/readyz' })
  expect([answer.statusCode, answer.body]).toEqual([503, 'ClickHouse does not answer\n'])
})

test('a request that is given up takes its query with it', async () => {
  const aborted = Promise.withResolvers<void>()
  const started = Promise.withResolvers<void>()
  const query: Store['query'] = (_query, options) =>
    new Promise((_resolve, reject) => {
      started.resolve()
      options?.signal?.addEventListener('abort', () => {
        aborted.resolve()
        reject(new Error('aborted'))
      })
    })
  const app = await createOfflineApp({ query })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const giveUp = new AbortController()
  const request = fetch(`${url}/api/v1/agents`, { signal: giveUp.signal }).catch(() => undefined)
  await started.promise
  giveUp.abort()
  await aborted.promise
  await request
  await app.close()
})
