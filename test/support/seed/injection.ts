import type { KubeObjectRow } from '../../../collector/record/kube.ts'
import { emptyObject } from './cluster.ts'

export const injectedCluster = 'injected'
export const off = 'web-1 crashed 3 times; switched off at 2026-11-27T12:00:00Z'
const unseen = 'it was made before the opt-in, or while the webhook was away'

export interface InjectionCase {
  readonly what: string
  readonly namespace?: string
  readonly workload?: readonly [kind: string, name: string]
  /** Hash of what was injected. */
  readonly injected?: string
  readonly says?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly ageMs?: number
  readonly more?: Partial<KubeObjectRow>
  readonly want: readonly [state: string, reason: string]
}

/** Pods of a cluster, and what injection is to each of them. */
export const injectionCases: readonly InjectionCase[] = [
  { what: 'the newest', injected: 'h2', says: 'injected: node', ageMs: 1_000, want: ['injected', ''] },
  {
    what: 'another as new',
    injected: 'h2',
    says: 'injected: node; not in proxy, node: no',
    want: ['injected', ''],
  },
  {
    what: 'with an older hash',
    injected: 'h1',
    says: 'injected: node',
    want: ['restart', 'what is injected has changed since'],
  },
  { what: 'with other languages', injected: 'j1', says: 'injected: java', want: ['injected', ''] },
  { what: 'older than the opt-in', want: ['restart', unseen] },
  { what: 'left alone', says: 'skipped: it runs on Windows', want: ['skipped', 'it runs on Windows'] },
  {
    what: 'that opted out',
    labels: { 'binnacle.dev/inject': 'disabled' },
    want: ['skipped', 'its label binnacle.dev/inject=disabled'],
  },
  { what: 'of a job', workload: ['CronJob', 'nightly'], want: ['skipped', 'its next run is injected'] },
  {
    what: 'of a job with an older hash',
    workload: ['CronJob', 'nightly'],
    injected: 'h1',
    want: ['injected', ''],
  },
  {
    what: 'that crash-loops',
    workload: ['Deployment', 'off'],
    injected: 'h2',
    says: 'injected: node',
    want: ['restart', 'it was injected before that was switched off for its workload'],
  },
  {
    what: 'made since',
    workload: ['Deployment', 'off'],
    says: `skipped: switched off for Deployment off: ${off}`,
    want: ['skipped', `switched off for Deployment off: ${off}`],
  },
  {
    what: 'unseen of a workload that is off',
    workload: ['Deployment', 'off'],
    want: ['skipped', 'injection is switched off for its workload'],
  },
  {
    what: 'of a workload that was lifted',
    workload: ['Deployment', 'lifted'],
    says: 'skipped: switched off for Deployment lifted: it crashed',
    want: ['restart', 'injection is not switched off for its workload any more'],
  },
  {
    what: 'of a kind that is not watched',
    workload: ['Rollout', 'argo'],
    injected: 'h2',
    says: 'injected: node',
    more: { findings: new Map([['injection-switched-off', off]]) },
    want: ['restart', 'it was injected before that was switched off for its workload'],
  },
  { what: 'of a namespace that does not ask', namespace: 'quiet', want: ['', ''] },
  {
    what: 'skipped, of a namespace that does not ask',
    namespace: 'quiet',
    says: 'skipped: x',
    want: ['', 'x'],
  },
  {
    what: 'injected, of a namespace that asks no more',
    namespace: 'quiet',
    injected: 'h2',
    says: 'injected: node',
    want: ['restart', 'its namespace does not ask for injection any more'],
  },
  {
    what: 'of the cluster itself',
    namespace: 'kube-system',
    want: ['skipped', 'namespaces of the cluster itself are left alone'],
  },
]

const row = (kind: string, name: string, more: Partial<KubeObjectRow>): KubeObjectRow => ({
  ...emptyObject,
  ...{
    cluster_id: injectedCluster,
    kind,
    name,
    uid: `${kind}-${name}`,
    observed_at: Date.now(),
    received_at: Date.now(),
  },
  ...{
    namespace: 'shop',
    workload_kind: '',
    workload: '',
    created_at: Date.now() - 60_000,
    labels: new Map(),
  },
  ...more,
})
const namespace = (name: string, inject: string, more: Partial<KubeObjectRow> = {}) =>
  row('Namespace', name, { namespace: name, labels: new Map([['binnacle.dev/inject', inject]]), ...more })

function podRow({
  what,
  namespace: home = 'shop',
  workload,
  injected,
  says,
  labels,
  ageMs = 60_000,
  more,
}: InjectionCase) {
  const [workloadKind, name] = workload ?? ['Deployment', 'web']
  return row('Pod', what, {
    namespace: home,
    workload_kind: workloadKind,
    workload: name,
    created_at: Date.now() - ageMs,
    phase: 'Running',
    status: 'Running',
    labels: new Map(
      Object.entries({ ...labels, ...(injected ? { 'binnacle.dev/injected': injected } : {}) }),
    ),
    facts: new Map(says ? [['injection', says]] : []),
    ...more,
  })
}

export const injectionRows = (): KubeObjectRow[] => [
  ...[namespace('shop', 'enabled'), namespace('kube-system', 'enabled'), namespace('quiet', '')],
  ...[namespace('empty', 'enabled'), namespace('other', ''), namespace('gone', 'enabled', { deleted: true })],
  row('Deployment', 'off', {
    workload_kind: 'Deployment',
    workload: 'off',
    findings: new Map([['injection-switched-off', off]]),
  }),
  ...injectionCases.map(podRow),
  // These are nobody's concern.
  podRow({ what: 'that ended', want: ['', ''], more: { phase: 'Succeeded' } }),
  podRow({
    what: 'that is gone',
    want: ['', ''],
    injected: 'h3',
    says: 'injected: node',
    ageMs: 0,
    more: { deleted: true },
  }),
  // Another cluster, whose agent injects nothing.
  namespace('shop', 'enabled', { cluster_id: 'bare', uid: 'bare-shop' }),
  { ...podRow({ what: 'of a cluster without', want: ['', ''] }), cluster_id: 'bare', uid: 'bare-pod' },
]

/** As plain code counts them. */
export const injectionCount = (of: readonly InjectionCase[]) => ({
  pods: of.length,
  injected: of.filter(({ want }) => want[0] === 'injected').length,
  skipped: of.filter(({ want }) => want[0] === 'skipped').length,
  restart: of.filter(({ want }) => want[0] === 'restart').length,
})
