import { registerAgentConfigurationRoutes } from './agent-configuration.ts'
import { registerAgentRoutes } from './agents.ts'
import { registerErrorRoutes } from './application-errors.ts'
import { registerApplicationRoutes } from './applications.ts'
import { registerBackendRoutes } from './backends.ts'
import { registerCallingTransactionRoutes } from './calling-transactions.ts'
import { registerClusterRoutes } from './clusters.ts'
import { registerDatabaseRoutes } from './databases.ts'
import { registerEndpointRoutes } from './endpoints.ts'
import { registerEnteredByRoutes } from './entered-by.ts'
import { registerEventRoutes } from './events.ts'
import { registerFlowMapRoutes } from './flow-maps.ts'
import { registerInformationPointRoutes } from './information-points.ts'
import { registerInjectionRoutes } from './injection.ts'
import { createKnownSpans } from './known.ts'
import { registerNodeRoutes } from './nodes.ts'
import { registerObjectRoutes } from './objects.ts'
import { registerPodRoutes } from './pods.ts'
import { registerReleaseRoutes } from './releases.ts'
import { registerRootCauseRoutes } from './root-cause.ts'
import { type ApiDeps, type ApiInstance, answers, type RouteDeps } from './route-types.ts'
import { About } from './schema/common.ts'
import { registerSloRoutes } from './slos.ts'
import { registerSnapshotRoutes } from './snapshots.ts'
import { registerTierRoutes } from './tiers.ts'
import { registerTraceRoutes } from './traces.ts'
import { registerTransactionAnatomyRoutes } from './transaction-anatomy.ts'
import { registerTransactionRuleRoutes } from './transaction-rules.ts'
import { registerTransactionRoutes } from './transactions.ts'
import { registerViolationRoutes } from './violations.ts'
import { registerWhySlowRoute } from './why-slow.ts'

export interface ApiConfig {
  readonly version: string
  readonly notice: string
  readonly storeMode: 'embedded' | 'server'
  readonly storeVersion: () => string
}

/** All routes of schema/routes.ts, relative to its prefix. */
export function registerApi(app: ApiInstance, given: ApiDeps, config: ApiConfig): void {
  const deps: RouteDeps = { ...given, known: createKnownSpans(() => performance.now()) }
  // A page of another origin cannot send JSON without being asked whether it may.
  app.removeContentTypeParser('text/plain')
  app.get('/about', { schema: { tags: ['service'], response: answers(About) } }, async () => ({
    version: config.version,
    nowMs: deps.nowMs(),
    notice: config.notice,
    store: { mode: config.storeMode, version: config.storeVersion() },
  }))
  registerClusterRoutes(app, deps)
  registerPodRoutes(app, deps)
  registerNodeRoutes(app, deps)
  registerObjectRoutes(app, deps)
  registerEventRoutes(app, deps)
  registerApplicationRoutes(app, deps)
  registerFlowMapRoutes(app, deps)
  registerTierRoutes(app, deps)
  registerTransactionAnatomyRoutes(app, deps)
  registerTransactionRoutes(app, deps)
  registerTransactionRuleRoutes(app, deps)
  registerSnapshotRoutes(app, deps)
  registerRootCauseRoutes(app, deps)
  registerSloRoutes(app, deps)
  registerErrorRoutes(app, deps)
  registerDatabaseRoutes(app, deps)
  registerBackendRoutes(app, deps)
  registerEndpointRoutes(app, deps)
  registerCallingTransactionRoutes(app, deps)
  registerInformationPointRoutes(app, deps)
  registerReleaseRoutes(app, deps)
  registerTraceRoutes(app, deps)
  registerWhySlowRoute(app, deps)
  registerEnteredByRoutes(app, deps)
  registerAgentRoutes(app, deps)
  registerViolationRoutes(app, deps)
  registerAgentConfigurationRoutes(app, deps)
  registerInjectionRoutes(app, deps)
}
