import type { QuotaUse } from '@binnacle/collector/api/objects'
import { formatPercent, formatValue } from '../format.ts'
import { ShareBar } from './share-bar.tsx'

/** Each resource of a quota as a bar. */
export function QuotaBars({ quota }: { readonly quota: readonly QuotaUse[] }) {
  const lines = quota.map(({ resource, unit, used, hard }) => {
    const text = `${formatValue(used, unit)} of ${formatValue(hard, unit)}`
    return (
      <div key={resource} className="share-line">
        <span className="share-label" title={resource}>
          {resource}
        </span>
        <ShareBar value={used} outOf={hard} title={`${resource}: ${text}`} />
        <span className="share-text">{text}</span>
        <span className="share-detail">{hard === 0 ? 'none allowed' : formatPercent(used / hard)}</span>
      </div>
    )
  })
  return <div className="share-list">{lines}</div>
}
