import type { KubeEventRow } from '../../../collector/record/kube.ts'
import { clusterId, podUid, seedPods } from './cluster.ts'

const minute = 60_000

interface SeedEvent {
  readonly pod: string
  readonly reason: string
  readonly severity: string
  readonly category: string
  readonly message: string
  readonly firstAgoMinutes: number
  /** Versions of the event as the watch saw them: cumulative count, minutes before the end. */
  readonly versions: readonly (readonly [count: number, agoMinutes: number])[]
}

/**
 * Occurrences in the last hour: BackOff of pagamenti 30 of 130 · Failed of catalogo 12 · FailedScheduling 6 ·
 * FailedMount 3 · Unhealthy 5 · Evicted 1 · Pulling 2. See the arithmetic in `query/events.ts`.
 */
const events: readonly SeedEvent[] = [
  {
    pod: 'pagamenti-59cc-0',
    reason: 'BackOff',
    severity: 'error',
    category: 'pod',
    message: 'Back-off restarting failed container pagamenti',
    firstAgoMinutes: 180,
    // 100 before the range; within it 10 at −50 min, 15 at −30 min and 5 at −2 min.
    versions: [
      [100, 61],
      [110, 50],
      [125, 30],
      [130, 2],
    ],
  },
  {
    pod: 'catalogo-7bb5-0',
    reason: 'Failed',
    severity: 'error',
    category: 'image',
    message: 'Failed to pull image "registry.test/catalogo:latest": not found',
    firstAgoMinutes: 40,
    // The first version that was seen says 4: one at −40 min, three at −36 min.
    versions: [
      [4, 36],
      [12, 3],
    ],
  },
  {
    pod: 'report-0',
    reason: 'FailedScheduling',
    severity: 'warning',
    category: 'scheduling',
    message: '0/3 nodes are available: 3 Insufficient cpu.',
    firstAgoMinutes: 20,
    versions: [
      [1, 20],
      [6, 1],
    ],
  },
  {
    pod: 'mailer-5f6d-0',
    reason: 'FailedMount',
    severity: 'error',
    category: 'storage',
    message: 'MountVolume.SetUp failed for volume "smtp": secret "smtp" not found',
    firstAgoMinutes: 3,
    versions: [[3, 1]],
  },
  {
    pod: 'search-6c4f-1',
    reason: 'Unhealthy',
    severity: 'warning',
    category: 'probe',
    message: 'Readiness probe failed: HTTP probe failed with statuscode: 503',
    firstAgoMinutes: 90,
    // 7 before the range, 5 within.
    versions: [
      [7, 70],
      [12, 15],
    ],
  },
  {
    pod: 'cache-58d6-0',
    reason: 'Evicted',
    severity: 'error',
    category: 'eviction',
    message: 'The node was low on resource: memory.',
    firstAgoMinutes: 55,
    versions: [[1, 55]],
  },
  ...[0, 1].map((index) => ({
    pod: `gateway-${index}`,
    reason: 'Pulling',
    severity: 'info',
    category: 'image',
    message: 'Pulling image "registry.test/gateway:2.0.1"',
    firstAgoMinutes: 10,
    versions: [[1, 10]] as const,
  })),
]

/** Wholly before the last hour. */
const old: SeedEvent = {
  pod: 'benigno-v1-4a11-gone',
  reason: 'Killing',
  severity: 'info',
  category: 'pod',
  message: 'Stopping container benigno-v1',
  firstAgoMinutes: 240,
  versions: [[1, 240]],
}

export function seedEvents(nowMs: number): KubeEventRow[] {
  const rows = [...events, old].flatMap((event) => versionsOf(event, nowMs))
  // A relist after a failover reads the newest versions again.
  return [...rows, ...rows.slice(0, 4).map((row) => ({ ...row, backfill: true, observed_at: nowMs }))]
}

function versionsOf(event: SeedEvent, nowMs: number): KubeEventRow[] {
  const pod = seedPods.find((one) => one.name === event.pod)
  return event.versions.map(([count, agoMinutes], index) => ({
    cluster_id: clusterId,
    namespace: pod?.namespace ?? 'shop',
    event_uid: `event-${event.pod}-${event.reason}`,
    resource_version: String(5_000 + index),
    type: event.severity === 'info' ? 'Normal' : 'Warning',
    reason: event.reason,
    message: event.message,
    severity: event.severity,
    category: event.category,
    object_kind: 'Pod',
    object_name: event.pod,
    object_namespace: pod?.namespace ?? 'shop',
    object_uid: podUid(event.pod),
    workload_kind: pod?.workloadKind ?? '',
    workload: pod?.workload ?? '',
    count,
    first_time: nowMs - event.firstAgoMinutes * minute,
    last_time: nowMs - agoMinutes * minute,
    component: 'kubelet',
    host: pod?.node ?? '',
    observed_at: nowMs - agoMinutes * minute,
    backfill: false,
    received_at: nowMs - agoMinutes * minute,
    batch_id: 'seed',
  }))
}
