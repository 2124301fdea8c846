const keys = [
  { label: 'Running', fill: 'ok' },
  { label: 'Pending', fill: 'pending' },
  { label: 'Not ready', fill: 'warning' },
  { label: 'Failed', fill: 'failed' },
  { label: 'Over request', fill: 'over' },
  { label: 'Evicted', fill: 'evicted' },
  { label: 'Completed', fill: 'done' },
  { label: 'Restarted', fill: 'ok', restarted: true },
  { label: 'Traced', fill: 'ok', traced: true },
] as const

export function HeatLegend() {
  return (
    <div className="heat-legend">
      {keys.map((key) => (
        <span key={key.label}>
          <i
            data-fill={key.fill}
            data-restarted={('restarted' in key && key.restarted) || undefined}
            data-traced={('traced' in key && key.traced) || undefined}
          />
          {key.label}
        </span>
      ))}
    </div>
  )
}
