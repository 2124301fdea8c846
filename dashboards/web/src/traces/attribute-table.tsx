import { CopyButton } from '../parts/copy-button.tsx'

interface Props {
  readonly attributes: Readonly<Record<string, string>>
  /** Where offered, each pair leads to the traces that have it. */
  readonly onFilter?: (key: string, value: string) => void
}

/** Attribute pairs by key, each with copy and, for span attributes, a way to all traces that have it. */
export function AttributeTable({ attributes, onFilter }: Props) {
  const pairs = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))
  if (pairs.length === 0) return <p className="trace-quiet">none</p>
  return (
    <dl className="attribute-table">
      {pairs.map(([key, value]) => (
        <div key={key} className="attribute-pair">
          <dt>{key}</dt>
          <dd>
            <span className="attribute-value">{value === '' ? '(empty)' : value}</span>
            <span className="attribute-actions">
              {onFilter && (
                <button
                  type="button"
                  className="icon-button"
                  title={`Traces with ${key}=${value}`}
                  aria-label={`Traces with ${key}=${value}`}
                  onClick={() => onFilter(key, value)}
                >
                  <svg
                    viewBox="0 0 16 16"
                    width="14"
                    height="14"
                    fill="none"
                    stroke="currentColor"
                    aria-hidden="true"
                  >
                    <circle cx="7" cy="7" r="4.5" />
                    <path d="m10.5 10.5 4 4" />
                  </svg>
                </button>
              )}
              <CopyButton text={value} label={`Copy ${key}`} />
            </span>
          </dd>
        </div>
      ))}
    </dl>
  )
}
