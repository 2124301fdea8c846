import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Query } from '../query/query.ts'
import type { Store } from '../store/store.ts'
import { problemOfQuery } from './errors.ts'

/** Runs the queries of one request. */
export type Ask = <Row>(query: Query) => Promise<Row[]>

/** A request whose connection closes before its answer takes its queries with it. */
export function asker(store: Pick<Store, 'query'>, _request: FastifyRequest, reply: FastifyReply): Ask {
  const cancel = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) cancel.abort()
  })
  return async (query) => {
    try {
      return await store.query(query, { signal: cancel.signal })
    } catch (error) {
      throw problemOfQuery(error, cancel.signal.aborted)
    }
  }
}
