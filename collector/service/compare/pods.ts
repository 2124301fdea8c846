import type { ReleasePodRow } from '../query/release-pods.ts'
import type { Window } from './windows.ts'

export interface ReleasePod {
  readonly service: string
  readonly version: string
  readonly clusterId: string
  readonly namespace: string
  readonly pod: string
  readonly uid: string
  readonly createdMs: number
  /** Infinity: it is still there. */
  readonly endedMs: number
  /** Percent of the tier's calls that its version should get, by its label. */
  readonly canaryWeight: number | undefined
}

/**
 * Pods with the version that their spans say. One that said none (it may have been too ill to send any) is of the version that the
 * other pods of its workload with the same label or image said, else of what the label or image itself says. What measures pods names
 * no version, too: an empty one counts only where no pod of the kind says more.
 */
export function podsWithVersions(rows: readonly ReleasePodRow[]): ReleasePod[] {
  const said = new Map<string, string>()
  // A StatefulSet gives a name again.
  const own = ({ sent, uid }: ReleasePodRow) => sent.filter(([, of]) => of === '' || of === uid)
  const named = (row: ReleasePodRow) => own(row).find(([version]) => version !== '')?.[0]
  const key = (row: ReleasePodRow) =>
    JSON.stringify([row.service, row.clusterId, row.namespace, row.workloadKind, row.workload, row.version])
  for (const row of rows) {
    const version = named(row)
    if (version !== undefined) said.set(key(row), version)
  }
  return rows.map((row) => ({
    service: row.service,
    version: named(row) ?? said.get(key(row)) ?? (own(row).length > 0 ? '' : row.version),
    clusterId: row.clusterId,
    namespace: row.namespace,
    pod: row.pod,
    uid: row.uid,
    createdMs: row.createdMs,
    endedMs: row.endedMs || Number.POSITIVE_INFINITY,
    canaryWeight: weightOf(row.canaryWeight),
  }))
}

function weightOf(label: string): number | undefined {
  const weight = Number(label)
  return label !== '' && weight >= 0 && weight <= 100 ? weight : undefined
}

/** Time within the window that pods were there, summed. */
export const podHours = (pods: readonly ReleasePod[], { fromMs, toMs }: Window): number =>
  pods.reduce(
    (sum, pod) => sum + Math.max(0, Math.min(pod.endedMs, toMs) - Math.max(pod.createdMs, fromMs)),
    0,
  ) / 3_600_000

/**
 * The share of the calls that version b should get beside a: by the labels of the pods, else by its part of the pods, among which a
 * Service of Kubernetes spreads connections. Null: no pods are known.
 */
export function intendedShare(
  a: readonly ReleasePod[],
  b: readonly ReleasePod[],
  window: Window,
): { readonly share: number; readonly source: 'label' | 'pods' } | null {
  const labelled = (pods: readonly ReleasePod[]) =>
    pods.find((pod) => pod.canaryWeight !== undefined)?.canaryWeight
  const [weightA, weightB] = [labelled(a), labelled(b)]
  if (weightA !== undefined || weightB !== undefined) {
    const ofB = weightB ?? 100 - (weightA ?? 0)
    const ofA = weightA ?? 100 - ofB
    if (ofA + ofB > 0) return { share: ofB / (ofA + ofB), source: 'label' }
  }
  const [hoursA, hoursB] = [podHours(a, window), podHours(b, window)]
  return hoursA > 0 && hoursB > 0 ? { share: hoursB / (hoursA + hoursB), source: 'pods' } : null
}
