import type { ObjectRow } from '@binnacle/collector/api/objects'
import { formatBytes, formatCount, formatCpu, formatDateTime } from '../format.ts'

/** Facts and amounts of an object in words; quota amounts are left to their bars. */
export function objectFacts({
  facts,
  amounts,
}: Pick<ObjectRow, 'facts' | 'amounts'>): (readonly [string, string])[] {
  return [
    ...Object.entries(facts).map(([key, value]) => [inWords(key), value] as const),
    ...Object.entries(amounts)
      .filter(([key]) => !key.includes(':'))
      .map(
        ([key, value]) =>
          [inWords(key.replace(/(Millicores|Bytes|AtMs|Percent)$/, '')), formatAmount(key, value)] as const,
      ),
  ]
}

/** The name of an amount says its unit. */
export function formatAmount(key: string, value: number): string {
  if (key.endsWith('Millicores')) return formatCpu(value)
  if (key.endsWith('Bytes')) return formatBytes(value)
  if (key.endsWith('AtMs')) return formatDateTime(value)
  return key.endsWith('Percent') ? `${formatCount(value)} %` : formatCount(value)
}

const short: Readonly<Record<string, string>> = { cpu: 'CPU', ip: 'IP', os: 'OS' }

/** kubeletVersion: Kubelet version. */
function inWords(key: string): string {
  const words = key
    .replace(/([A-Z])/g, ' $1')
    .toLowerCase()
    .split(' ')
    .map((word) => short[word] ?? word)
  const text = words.join(' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}
