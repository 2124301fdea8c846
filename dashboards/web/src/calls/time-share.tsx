import { formatPercent } from '../format.ts'

/** A share of time as a bar and a number. */
export function TimeShare({ share }: { readonly share: number }) {
  return (
    <span className="time-share">
      <span className="time-share-bar" aria-hidden="true">
        <i style={{ width: `${share * 100}%` }} />
      </span>
      {formatPercent(share)}
    </span>
  )
}
