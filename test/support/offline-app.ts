import type { FastifyInstance } from 'fastify'
import { createApp } from '../../collector/service/app.ts'
import type { Store } from '../../collector/service/store/store.ts'
import { silentLog } from '../../collector/std/log.ts'

const noDatabase: Pick<Store, 'query'> = {
  query: () => Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })),
}

/** The service's routes over a database that is away, or over another source of answers. */
export function createOfflineApp(store: Pick<Store, 'query'> = noDatabase): Promise<FastifyInstance> {
  return createApp(
    {
      store,
      slos: {
        list: async () => [],
        save: async () => ({ type: 'unavailable', message: 'offline' }),
      },
      configs: {
        current: () =>
          Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })),
        save: async () => ({ type: 'unavailable', message: 'connect ECONNREFUSED' }),
      },
      transactionSettings: {
        newest: () =>
          Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })),
        current: () =>
          Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })),
        save: async () => ({ type: 'unavailable', message: 'connect ECONNREFUSED' }),
      },
      points: {
        list: () =>
          Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })),
        save: async () => ({ type: 'unavailable', message: 'connect ECONNREFUSED' }),
      },
      nowMs: Date.now,
      log: silentLog,
      metrics: { handle: (_request, response) => response.end('') },
      notReady: async () => 'ClickHouse does not answer',
      observe: () => {},
      registerIntake: () => {},
    },
    { version: '', notice: '', storeMode: 'server', storeVersion: () => '', uiDirectory: '/nonexistent' },
  )
}
