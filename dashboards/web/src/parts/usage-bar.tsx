import './usage-bar.css'

interface Props {
  readonly used: number | null
  readonly request: number
  readonly limit: number
  readonly format: (value: number | null) => string
}

/** Use as a bar, the request as a grey tick, the limit as a red one; violet beyond the request. */
export function UsageBar({ used, request, limit, format }: Props) {
  const scale = Math.max(used ?? 0, request, limit)
  const share = (value: number) => `${scale === 0 ? 0 : (value / scale) * 100}%`
  const title = `used ${format(used)} · request ${request === 0 ? 'none' : format(request)} · limit ${limit === 0 ? 'none' : format(limit)}`
  const over = used !== null && request > 0 && used > request
  return (
    <span className="usage" title={title}>
      <span className="usage-value">{format(used)}</span>
      {/* With neither there is nothing to be full of. */}
      <span
        className="usage-bar"
        role="img"
        aria-label={title}
        style={{ visibility: request === 0 && limit === 0 ? 'hidden' : undefined }}
      >
        {used !== null && (
          <span className="usage-fill" data-over={over || undefined} style={{ width: share(used) }} />
        )}
        {request > 0 && <span className="usage-tick" style={{ left: `calc(${share(request)} - 1px)` }} />}
        {limit > 0 && (
          <span className="usage-tick usage-tick-limit" style={{ left: `calc(${share(limit)} - 2px)` }} />
        )}
      </span>
    </span>
  )
}
