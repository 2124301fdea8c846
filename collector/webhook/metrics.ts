import type { Outcome } from '@binnacle/instrumentation/webhook/mutate'
import type { SelfMetrics } from '../std/self-metrics.ts'

export type Refusal = 'too-large' | 'busy' | 'aborted' | 'not-found'

export interface WebhookLedger {
  answered(outcome: Outcome, seconds: number): void
  refused(reason: Refusal): void
}

/** Up to the time API servers wait: 3 s. */
const secondsBounds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 3]

export function createLedger(
  metrics: SelfMetrics,
  read: {
    readonly certificateSeconds: () => number
    readonly problems: () => readonly [value: number, labels: { readonly part: string }][]
    readonly inFlight: () => number
    readonly switchedOff: () => number
  },
): WebhookLedger {
  const reviews = metrics.counter(
    'reviews',
    'Pods that were asked about, by what became of them and why; dry runs apart',
  )
  const refusals = metrics.counter(
    'refused',
    'Requests that were not answered: the API server goes on without',
  )
  const seconds = metrics.histogram('review_seconds', 'From the request to its answer', secondsBounds)
  metrics.gauge(
    'certificate_expiry_seconds',
    'Until the certificate that is served expires',
    read.certificateSeconds,
  )
  metrics.gauge('problem', '1 while something of a part is wrong; health says what', read.problems)
  metrics.gauge('requests_in_flight', 'Requests being read or answered', read.inFlight)
  metrics.gauge(
    'switched_off_workloads',
    'Workloads that are left alone because they crashed',
    read.switchedOff,
  )
  return {
    answered({ result, reason, isDryRun }, took) {
      reviews.add(1, isDryRun ? { result: 'dry-run', reason: '' } : { result, reason })
      seconds.record(took)
    },
    refused: (reason) => refusals.add(1, { reason }),
  }
}
