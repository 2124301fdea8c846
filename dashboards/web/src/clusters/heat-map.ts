import type { PodRow } from '@binnacle/collector/api/clusters'

export type GroupBy = 'namespace' | 'node' | 'workload'
export const groupings: readonly GroupBy[] = ['namespace', 'node', 'workload']

/** How one pod is drawn. Several things can be true at once, so each has its own channel. */
export interface HeatCell {
  readonly uid: string
  readonly name: string
  /** The fill. `over`: uses more than it asked for, or all it may. `evicted` is hatched. */
  readonly fill: 'ok' | 'pending' | 'warning' | 'failed' | 'done' | 'over' | 'evicted'
  /** A red border: restarted in the time range. */
  readonly restarted: boolean
  /** A dot: sent spans in the time range. */
  readonly traced: boolean
  /** Faded: the pod is gone. */
  readonly deleted: boolean
}

export interface HeatGroup {
  readonly name: string
  readonly cells: readonly HeatCell[]
  /** Cells that are neither well nor done. */
  readonly problems: number
}

/** How bad a fill is; the worst stands first in its group. */
const badness: Readonly<Record<HeatCell['fill'], number>> = {
  failed: 6,
  pending: 5,
  warning: 4,
  over: 3,
  evicted: 2,
  ok: 1,
  done: 0,
}

/** Pods by group, the groups with most problems first; within a group the worst first, then by name. */
export function heatGroups(pods: readonly PodRow[], by: GroupBy): HeatGroup[] {
  const groups = new Map<string, HeatCell[]>()
  for (const pod of pods) {
    const name = groupOf(pod, by)
    const cells = groups.get(name)
    if (cells) cells.push(heatCell(pod))
    else groups.set(name, [heatCell(pod)])
  }
  return [...groups]
    .map(([name, cells]) => ({
      name,
      cells: cells.sort((a, b) => badness[b.fill] - badness[a.fill] || compareNames(a.name, b.name)),
      problems: cells.filter(isProblem).length,
    }))
    .sort((a, b) => b.problems - a.problems || compareNames(a.name, b.name))
}

export function heatCell(pod: PodRow): HeatCell {
  return {
    uid: pod.uid,
    name: pod.name,
    fill: fillOf(pod),
    restarted: pod.restartsInRange > 0,
    traced: pod.traced,
    deleted: pod.deleted,
  }
}

function fillOf(pod: PodRow): HeatCell['fill'] {
  if (pod.evicted) return 'evicted'
  if (pod.health === 'ok' && isOverConsuming(pod)) return 'over'
  return pod.health
}

/** More than requested, of CPU or memory; 0 means that nothing was requested, which is a finding of its own. */
export function isOverConsuming(pod: PodRow): boolean {
  return (
    exceeds(pod.cpuUsedMillicores, pod.cpuRequestMillicores || pod.cpuLimitMillicores) ||
    exceeds(pod.memoryUsedBytes, pod.memoryRequestBytes || pod.memoryLimitBytes)
  )
}

function exceeds(used: number | null, bound: number): boolean {
  return used !== null && bound > 0 && used > bound
}

function isProblem(cell: HeatCell): boolean {
  return cell.fill !== 'ok' && cell.fill !== 'done'
}

function groupOf(pod: PodRow, by: GroupBy): string {
  switch (by) {
    case 'namespace':
      return pod.namespace
    case 'node':
      return pod.node || 'not scheduled'
    case 'workload':
      return pod.workload ? `${pod.namespace}/${pod.workload}` : `${pod.namespace}/no workload`
  }
}

/** Not localeCompare: thousands of names are sorted on every refresh. */
function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The side of a square in px: the more pods, the smaller, so that 2,000 still fit a screen. */
export function cellSize(pods: number): number {
  if (pods <= 150) return 20
  if (pods <= 500) return 16
  return pods <= 1_200 ? 13 : 10
}

/** Where the arrow keys go from one square to the next, across groups. */
export function stepInMap(
  groups: readonly HeatGroup[],
  uid: string | undefined,
  step: number,
): string | undefined {
  const all = groups.flatMap((group) => group.cells.map((cell) => cell.uid))
  const at = uid === undefined ? -1 : all.indexOf(uid)
  if (at < 0) return all[0]
  return all[Math.min(Math.max(at + step, 0), all.length - 1)]
}
