import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import { type TSchema, Type } from 'typebox'
import type { AgentConfigs } from '../store/agent-configs.ts'
import type { InformationPoints } from '../store/information-points.ts'
import type { Slos } from '../store/slos.ts'
import type { Store } from '../store/store.ts'
import type { TransactionSettingsStore } from '../store/transaction-settings.ts'
import type { KnownSpans } from './known.ts'
import { ApiError } from './schema/common.ts'

export type ApiInstance = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

export interface ApiDeps {
  readonly store: Pick<Store, 'query'>
  readonly configs: Pick<AgentConfigs, 'current' | 'save'>
  readonly slos: Slos
  readonly transactionSettings: TransactionSettingsStore
  readonly points: InformationPoints
  readonly nowMs: () => number
}

/** What routes share, beside what the service gives them. */
export interface RouteDeps extends ApiDeps {
  readonly known: KnownSpans
}

/** The answers of a route: 200 with its schema, everything else an ApiError. */
export function answers<T extends TSchema>(
  schema: T,
): { 200: T; '4xx': typeof ApiError; '5xx': typeof ApiError } {
  return { 200: schema, '4xx': ApiError, '5xx': ApiError }
}

export const ClusterParams = Type.Object({ clusterId: Type.String({ minLength: 1, maxLength: 253 }) })
export const PodParams = Type.Object({
  clusterId: Type.String({ minLength: 1, maxLength: 253 }),
  uid: Type.String({
    minLength: 1,
    maxLength: 320,
    description: 'of the pod, or its `namespace/name` (as %2F)',
  }),
})
export const ApplicationParams = Type.Object({ application: Type.String({ minLength: 1, maxLength: 253 }) })
export const TierParams = Type.Object({
  application: Type.String({ minLength: 1, maxLength: 253 }),
  service: Type.String({ minLength: 1, maxLength: 253 }),
})
export const TraceParams = Type.Object({
  traceId: Type.String({ pattern: '^[0-9a-fA-F]{32}$', description: '32 hexadecimal digits' }),
})
