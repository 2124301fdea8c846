import type { ReleaseComparison, ReleaseTier } from '@binnacle/collector/api/releases'
import { Link } from '@tanstack/react-router'
import { useApplication } from '../applications/application-page.tsx'
import { formatDateTime } from '../format.ts'
import { timeSearch } from '../search-params.ts'
import { useSearchParams, useSetSearch } from '../url-state.ts'
import { versionName } from './outcome.ts'

interface Props {
  readonly service: string
  readonly tier: ReleaseTier | undefined
  readonly comparison: ReleaseComparison | undefined
}

/** Which two versions are compared, or around which deployment. */
export function SidePicker({ service, tier, comparison }: Props) {
  const application = useApplication()
  const { a, b, marker } = useSearchParams()
  const setSearch = useSetSearch()
  const versions = tier?.versions.map((one) => one.version) ?? []
  const chosenOf = (side: 'a' | 'b'): string | undefined =>
    marker ? undefined : ({ a, b }[side] ?? comparison?.[side].version ?? undefined)
  /** Choosing the version of the other side turns the comparison round. */
  const choose = (side: 'a' | 'b', version: string) => {
    const other = side === 'a' ? 'b' : 'a'
    const rest = chosenOf(other) === version ? chosenOf(side) : chosenOf(other)
    setSearch({ marker: undefined, [side]: version, [other]: rest })
  }
  const select = (label: string, side: 'a' | 'b') => {
    const chosen = chosenOf(side)
    const all = [...new Set([...(chosen === undefined ? [] : [chosen]), ...versions])]
    return (
      <label>
        {label}{' '}
        <select value={chosen ?? ''} onChange={(event) => choose(side, event.target.value)}>
          {chosen === undefined && <option value="">–</option>}
          {all.map((version) => (
            <option key={version} value={version}>
              {versionName(version)}
            </option>
          ))}
        </select>
      </label>
    )
  }
  return (
    <div className="side-picker">
      <span>
        <Link to="/applications/$application/releases" params={{ application }} search={timeSearch}>
          Releases
        </Link>
        {' ▸ '}
        <b>{service}</b>
      </span>
      {select('Version', 'b')}
      {select('against', 'a')}
      {(tier?.rollouts.length ?? 0) > 0 || marker ? (
        <label>
          or around the deployment{' '}
          <select
            value={marker ?? ''}
            onChange={(event) =>
              setSearch({ marker: event.target.value || undefined, a: undefined, b: undefined })
            }
          >
            <option value="">–</option>
            {marker && !tier?.rollouts.some((one) => String(one.timeMs) === marker) && (
              <option value={marker}>{formatDateTime(Number(marker))}</option>
            )}
            {tier?.rollouts.map((one) => (
              <option key={`${one.timeMs} ${one.name}`} value={String(one.timeMs)}>
                {`${formatDateTime(one.timeMs)} ${one.title}`}
              </option>
            ))}
          </select>
        </label>
      ) : null}
      {comparison && (
        <span className="quiet">
          {comparison.sideBySide
            ? 'in the time that both were called'
            : 'each in its own time, without the rollout between them'}
        </span>
      )}
    </div>
  )
}
