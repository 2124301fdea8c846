import type { ReactNode } from 'react'

interface Props {
  readonly title?: string
  readonly hint?: string
  readonly actions?: ReactNode
  /** The content belongs to the previous question. */
  readonly dimmed?: boolean
  readonly children: ReactNode
}

export function Card({ title, hint, actions, dimmed, children }: Props) {
  return (
    <section className="card" aria-busy={dimmed ?? false}>
      {(title || actions) && (
        <div className="card-head">
          {title && <h2>{title}</h2>}
          {hint && <span className="card-hint">{hint}</span>}
          {actions && <div className="card-actions">{actions}</div>}
        </div>
      )}
      <div className={dimmed ? 'dimmed' : undefined}>{children}</div>
    </section>
  )
}
