import { createAccessReview, neededRights } from '../kube/access-review.ts'
import type { KubeClient } from '../kube/client.ts'
import type { Clock } from '../std/clock.ts'
import type { Log } from '../std/log.ts'
import type { RemoteConfigOffer } from '../wire/opamp.ts'
import type { ClusterHalf } from './cluster.ts'
import { writesSwitchedOff } from './config.ts'
import type { AgentConfig } from './config-schema.ts'
import type { LastKnownGood } from './control/last-known-good.ts'
import { type AgentReport, createReporter } from './control/reporter.ts'
import { createServiceChecks } from './control/service-checks.ts'
import type { AgentCondition } from './health.ts'
import type { Settings } from './settings.ts'
import type { ServiceLink } from './ship/service-link.ts'

/** What the agent says of itself to the service, what it looks at for that, and the configuration that comes back. */
export interface Reporting {
  wake(): void
  condition(): Pick<AgentCondition, 'service' | 'access' | 'serviceWarning'>
  /** Runs until the signal aborts, and until what was taken from the service is on disk. */
  run(signal: AbortSignal): Promise<void>
  /** Says goodbye. */
  disconnect(): Promise<void>
}

export interface ReportingDeps {
  readonly link: ServiceLink
  readonly client: KubeClient
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  readonly settings: Settings
  readonly lastKnownGood: LastKnownGood
  readonly cluster: Pick<ClusterHalf, 'isDenied'>
  readonly read: () => AgentReport
}

export function createReporting(
  deps: ReportingDeps,
  { agentUid, config }: { readonly agentUid: string; readonly config: AgentConfig },
): Reporting {
  const { link, client, clock, log, settings, lastKnownGood } = deps
  const { endpoint } = config.service
  let keeping = Promise.resolve()

  const reporter = createReporter(
    { ...deps, dispatcher: link.dispatcher, authorization: link.authorization, onOffer: takeOffer },
    { endpoint, agentUid, intervalMs: config.control.intervalMs, timeoutMs: 5_000 },
  )
  const rights = createAccessReview(
    { client, clock, isDenied: deps.cluster.isDenied, onResult: reporter.wake },
    {
      needs: neededRights({
        ...config.watch,
        nodes: config.watch.nodes === 'on',
        scrape: config.scrape.enabled,
        crashLogs: config.crashLogs.enabled,
        lease: config.leaderElection.enabled ? config.leaderElection : undefined,
        switchedOff: writesSwitchedOff(config)
          ? { namespace: config.injection.namespace, name: config.injection.configMap }
          : undefined,
      }),
    },
  )
  const checks = createServiceChecks(
    { clock, onResult: reporter.wake },
    { endpoint, proxied: config.service.proxyUrl !== '' },
  )
  settings.subscribe(reporter.wake)

  function takeOffer(offer: RemoteConfigOffer): void {
    const { status, error } = settings.offer(offer)
    if (status === 'failed') {
      log.warn({ cause: error }, 'the configuration from the service is refused; the present one stays')
      return
    }
    log.info('the configuration from the service is applied')
    keeping = keeping.then(() => lastKnownGood.save(offer))
  }

  return {
    wake: reporter.wake,
    condition() {
      const { failure, refusedWith, clockSkewMs } = reporter.state()
      return {
        service: {
          ...checks.result(),
          reportFailure: failure,
          refusedWith,
          clockSkewMs,
          nowMs: clock.nowMs(),
        },
        access: rights.result(),
        serviceWarning: link.warning(),
      }
    },
    async run(signal) {
      // Not waited for at the end: a look-up of a name cannot be taken back.
      void checks.run(signal)
      await Promise.all([reporter.run(signal), rights.run(signal)])
      await keeping
    },
    disconnect: reporter.disconnect,
  }
}
