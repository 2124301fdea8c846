import { HealthLegend } from './health-badge.tsx'

const lines: readonly {
  readonly text: string
  readonly paths: readonly (readonly [d: string, className: string])[]
}[] = [
  {
    text: 'above usual',
    paths: [
      ['M0,6 H30', 'flow-halo'],
      ['M0,6 H30', 'flow-line'],
    ],
  },
  {
    text: 'failed part',
    paths: [
      ['M0,6 H30', 'flow-line'],
      ['M0,6 H10', 'flow-line-failed'],
    ],
  },
  { text: 'asynchronous', paths: [['M0,6 H30', 'flow-line flow-line-async']] },
]

/** What shapes, colours and lines of the flow map mean; widths are calls. */
export function FlowLegend({ compared }: { readonly compared: boolean }) {
  const shown = lines.filter(({ text }) => compared || text !== 'above usual')
  return (
    <HealthLegend compared={compared}>
      {shown.map(({ text, paths }) => (
        <li key={text} className="quiet">
          <svg width="30" height="12" aria-hidden="true">
            {paths.map(([d, className]) => (
              <path
                key={className}
                d={d}
                className={className}
                strokeWidth={className === 'flow-halo' ? 9 : 3}
              />
            ))}
          </svg>
          {text}
        </li>
      ))}
    </HealthLegend>
  )
}
