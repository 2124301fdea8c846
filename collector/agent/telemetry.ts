import type { ScopeDecision } from '../record/pod-identity.ts'
import type { Clock } from '../std/clock.ts'
import type { Log } from '../std/log.ts'
import type { SelfMetrics } from '../std/self-metrics.ts'
import { splitRequest } from '../wire/split-request.ts'
import type { Batcher } from './batch/batcher.ts'
import type { AgentConfig } from './config-schema.ts'
import type { TracePart } from './forward/by-owner.ts'
import { createForwarding, type ForwardingDeps } from './forwarding.ts'
import type { AgentLedger } from './metrics.ts'
import { createOtlpHandler, type ReceiveDeps, type RequestSeen } from './receive/handler.ts'
import { createLatePods } from './receive/late-pods.ts'
import { type Receivers, startReceivers } from './receivers.ts'
import { createTailSampler, type TailSampler } from './sample/tail-sampler.ts'
import type { Settings } from './settings.ts'
import type { SpoolLane } from './spool/lane.ts'

/** The applications' half of the agent, all of it, loaded in mode `full` alone: applications ──▶ receivers ──▶ batch, and tail sampling. */
export interface TelemetryDeps {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: SelfMetrics
  readonly ledger: AgentLedger
  readonly batcher: Batcher
  readonly pods: ReceiveDeps['pods']
  readonly decide: (namespace: string) => ScopeDecision
  readonly clusterUid: () => string
  readonly podsKnown: () => boolean
  readonly resolve: ForwardingDeps['resolve']
}

export async function startTelemetry(deps: TelemetryDeps, config: AgentConfig): Promise<Receivers> {
  const { clock, log, metrics, ledger, batcher } = deps
  const latePods = createLatePods(clock, { holdMs: config.receive.podWaitMs })
  metrics.gauge('otlp_held_requests', 'Requests of pods that are not known yet', () => latePods.held())
  const keepHere = (parts: readonly TracePart[]) => batcher.request({ signal: 'traces', parts })
  const forwarding =
    config.sampling.enabled && config.sampling.replicas.address !== ''
      ? createForwarding({ ...deps, keepHere }, config)
      : undefined
  const handler = createOtlpHandler(
    {
      ...deps,
      latePods,
      split: splitRequest,
      keep: ({ signal, parts, forwarded }) =>
        forwarding && signal === 'traces' && !forwarded
          ? forwarding.keep(parts)
          : batcher.request({ signal, parts }),
      onRequest: (seen) => countRequest(ledger, seen),
    },
    { ...config.receive, clusterName: config.cluster.name },
  )
  const receivers = await startReceivers({ handler, metrics, log }, config.receive)
  const stopping = new AbortController()
  const finding = forwarding?.run(stopping.signal)
  return {
    ports: receivers.ports,
    async close() {
      await receivers.close()
      stopping.abort()
      await finding
      await forwarding?.close()
    },
  }
}

function countRequest(
  ledger: AgentLedger,
  { signal, result, received, failed, refused, held }: RequestSeen,
): void {
  const at = { lane: signal, signal }
  ledger.request(signal, result)
  if (held) ledger.held(held)
  ledger.received(at, received)
  ledger.rejected(at, failed, 'not-kept')
  for (const [namespace, items] of refused) {
    ledger.rejected(at, items, 'namespace-not-selected')
    ledger.refusedNamespace(namespace, items)
  }
}

export interface SamplerDeps {
  readonly clock: Clock
  readonly metrics: SelfMetrics
  readonly ledger: AgentLedger
  readonly settings: Settings
}

export function openSampler(
  { clock, metrics, ledger, settings }: SamplerDeps,
  { source, idPrefix }: { readonly source: SpoolLane; readonly idPrefix: string },
): TailSampler {
  const decisions = metrics.counter('sampling_decisions', 'Traces decided by tail sampling, by decision')
  const sampler = createTailSampler(
    {
      source,
      clock,
      idPrefix,
      onSampledOut: (spans) => ledger.sampled({ lane: 'traces', signal: 'traces' }, spans),
      onDecision: (decision) => decisions.add(1, { decision }),
    },
    settings.current().config.sampling,
  )
  metrics.gauge('sampling_traces', 'Traces that wait for their decision', () => sampler.state().traces)
  metrics.gauge('sampling_bytes', 'Bytes of batches in tail sampling', () => sampler.state().bytes)
  settings.subscribe((now) => sampler.setRatio(now.config.sampling.ratio))
  return sampler
}
