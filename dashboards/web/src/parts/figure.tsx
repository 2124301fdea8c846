import type { ReactNode } from 'react'
import { Link } from './link.tsx'
import { Spark } from './spark.tsx'

interface Props {
  readonly label: string
  /** Formatted, with its unit. */
  readonly value: ReactNode
  readonly detail?: ReactNode
  readonly tone?: 'plain' | 'quiet' | 'warn' | 'bad'
  readonly spark?: readonly (number | null)[]
  /** A path within the app: the rows behind the number. */
  readonly href?: string
}

/** A number that says what it is, how it changed, and leads to its rows. */
export function Figure({ label, value, detail, tone = 'plain', spark, href }: Props) {
  const body = (
    <>
      <span className="figure-label" title={label}>
        {label}
      </span>
      <span className="figure-line">
        <span className="figure-value">{value}</span>
        {spark && spark.length > 1 && <Spark points={spark} width={64} />}
      </span>
      {detail !== undefined && <span className="figure-detail">{detail}</span>}
    </>
  )
  if (href === undefined) {
    return (
      <div className="figure" data-tone={tone}>
        {body}
      </div>
    )
  }
  return (
    <Link className="figure" tone={tone} href={href}>
      {body}
    </Link>
  )
}
