import type { Red } from '@binnacle/collector/api/applications'
import type { ReactNode } from 'react'
import { StatusBadge } from '../parts/status-badge.tsx'
import { healthOf, healthStates, wordOf } from './health.ts'
import './health.css'

/** How an entity stands beside its baseline: shape, colour and word; the figures when pointed at. */
export function HealthBadge({ red }: { readonly red: Red }) {
  const health = healthOf(red)
  if (health === undefined) return <span className="quiet">–</span>
  return (
    <span className="health" title={health.long}>
      <StatusBadge state={health.state}>{health.short || wordOf(health.state)}</StatusBadge>
    </span>
  )
}

/** What shapes and colours mean. */
export function HealthLegend({
  compared,
  children,
}: {
  readonly compared: boolean
  readonly children?: ReactNode
}) {
  return (
    <ul className="health-legend" aria-label="What shapes and colours mean">
      {compared &&
        healthStates.map(({ state, word, meaning }) => (
          <li key={state} title={meaning}>
            <StatusBadge state={state}>{word}</StatusBadge>
          </li>
        ))}
      {children}
    </ul>
  )
}
