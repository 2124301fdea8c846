import type { ObjectFinding } from '@binnacle/collector/api/objects'
import { StatusBadge } from '../parts/status-badge.tsx'

/** What is wrong with an object, where, and what to do. */
export function FindingList({ findings }: { readonly findings: readonly ObjectFinding[] }) {
  return (
    <ul className="finding-list">
      {findings.map(({ id, title, severity, detail, hint }) => (
        <li key={id}>
          <StatusBadge state={severity}>{title}</StatusBadge>
          {detail && <span>{detail}</span>}
          <span className="finding-hint">{hint}</span>
        </li>
      ))}
    </ul>
  )
}

/** The worst of them in a cell, and how many more there are. */
export function FindingsCell({ findings }: { readonly findings: readonly ObjectFinding[] }) {
  const [worst, ...more] = findings
  if (worst === undefined) return <span className="quiet">none</span>
  const text = more.length === 0 ? worst.title : `${worst.title} +${more.length}`
  return <StatusBadge state={worst.severity}>{text}</StatusBadge>
}
