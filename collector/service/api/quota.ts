import type { QuotaUse } from './schema/objects.ts'

/** One resource of a quota; CPU, which Kubernetes counts in cores, in millicores as everywhere. */
export function toQuotaUse(resource: string, used: number, hard: number): QuotaUse {
  const name = resource.replace(/^(requests|limits)\./, '')
  if (name === 'cpu') return { resource, unit: 'mCPU', used: used * 1000, hard: hard * 1000 }
  return { resource, unit: name === 'memory' || name.endsWith('storage') ? 'By' : '1', used, hard }
}

/** From the amounts of a ResourceQuota (record/kube-facts.ts), the fullest first. */
export function quotaUses(amounts: Readonly<Record<string, number>>): QuotaUse[] {
  return Object.entries(amounts)
    .filter(([key]) => key.startsWith('hard:'))
    .map(([key, hard]) => {
      const resource = key.slice('hard:'.length)
      return toQuotaUse(resource, amounts[`used:${resource}`] ?? 0, hard)
    })
    .sort((a, b) => shareOf(b) - shareOf(a) || a.resource.localeCompare(b.resource))
}

/** A quota of 0 forbids on purpose: it is not full. */
export function shareOf({ used, hard }: Pick<QuotaUse, 'used' | 'hard'>): number {
  return hard === 0 ? 0 : used / hard
}
