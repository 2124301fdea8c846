import { type ReactNode, useEffect } from 'react'
import './parts.css'

interface Props {
  readonly title: string
  /** Beside the title, such as a status. */
  readonly detail?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
}

/** A page's frame: its heading, also in the browser's title, and its parts below each other. */
export function Page({ title, detail, actions, children }: Props) {
  useEffect(() => {
    document.title = `${title} · Binnacle`
  }, [title])
  return (
    <div className="page">
      <div className="page-head">
        <h1>{title}</h1>
        {detail}
        {actions && <div className="page-actions">{actions}</div>}
      </div>
      <div className="page-body">{children}</div>
    </div>
  )
}
