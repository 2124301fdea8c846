import type { ReleaseList, ReleaseTier } from '@binnacle/collector/api/releases'
import { Chart } from '../parts/chart.tsx'
import { versionName } from './outcome.ts'

/** Beyond so many the oldest are one. */
const versionsMax = 6

/** Shares of the calls over time, stacked; rollouts as lines. */
export function ShareChart({ tier, list }: { readonly tier: ReleaseTier; readonly list: ReleaseList }) {
  const shown = tier.versions.slice(0, versionsMax)
  const others = tier.versions.slice(versionsMax)
  const series = [
    // The oldest stand at the bottom.
    ...(others.length > 0
      ? [
          {
            name: 'others',
            shares: list.timesMs.map((_, index) =>
              others.reduce<number | null>((sum, one) => {
                const share = one.shares[index] ?? null
                return share === null ? sum : (sum ?? 0) + share
              }, null),
            ),
          },
        ]
      : []),
    ...shown.toReversed().map((one) => ({ name: versionName(one.version), shares: one.shares })),
  ]
  return (
    <Chart
      kind="stacked"
      height={140}
      chart={{
        stepMs: list.stepMs,
        timesMs: list.timesMs,
        series: series.map(({ name, shares }) => ({
          name,
          unit: '%',
          points: shares.map((share) => (share === null ? null : share * 100)),
        })),
      }}
      markers={tier.rollouts.map(({ timeMs, title, name }) => ({
        timeMs,
        title,
        kind: 'rollout',
        entity: name,
      }))}
    />
  )
}
