import type { Hint, HintEvidence, HintList } from '@binnacle/collector/api/root-cause'
import { Link } from '@tanstack/react-router'
import { formatPlural, threeDigits } from '../format.ts'
import { timeSearch } from '../search-params.ts'
import { TracesLink } from '../traces/trace-links.tsx'

interface Props {
  readonly application: string
  readonly hint: Hint
  /** The greatest score of the list. */
  readonly most: number
  readonly range: HintList['range'] | undefined
}

const types = { tier: 'tier', database: 'database', queue: 'queue', external: 'remote service' } as const

/** One likely cause: its sentence, and what was measured below it. */
export function HintItem({ application, hint, most, range }: Props) {
  return (
    <li className="cause">
      <div className="cause-head">
        <span className="cause-bar" title={`score ${threeDigits(hint.score)}`} aria-hidden="true">
          <i style={{ width: `${(100 * hint.score) / most}%` }} />
        </span>
        <Link
          to="/applications/$application/flow-map"
          params={{ application }}
          search={(previous: Record<string, unknown>) => ({ ...timeSearch(previous), flow: hint.node })}
        >
          {hint.name}
        </Link>{' '}
        <span className="quiet">{types[hint.type]}</span>
      </div>
      <p className="cause-text">{hint.text}</p>
      <details open={hint.rank === 1}>
        <summary>{formatPlural(hint.evidence.length, 'finding')}</summary>
        <ul className="cause-evidence">
          {hint.evidence.map((evidence) => (
            <li key={evidence.text}>
              <Evidence {...{ application, evidence }} {...(range ? { range } : {})} />
            </li>
          ))}
        </ul>
      </details>
    </li>
  )
}

/** The sentence, how sure it is, and the traces behind it. */
function Evidence({
  application,
  evidence,
  range,
}: {
  readonly application: string
  readonly evidence: HintEvidence
  readonly range?: HintList['range']
}) {
  const { type, service, operation, pod, sigma } = evidence
  const filters = {
    application,
    service,
    ...(operation === '' ? {} : { operation }),
    ...(pod === '' ? {} : { pod }),
    ...(type === 'errors' ? { status: 'error' as const } : { sort: 'slowest' as const }),
  }
  return (
    <>
      {evidence.text}
      {sigma !== null && Math.abs(sigma) > 0 && <span className="quiet"> {threeDigits(sigma)} σ</span>}{' '}
      {service !== '' && (
        <TracesLink filters={filters} {...(range ? { range } : {})}>
          traces
        </TracesLink>
      )}
    </>
  )
}
