import { type ReactNode, useEffect } from 'react'
import './parts.css'

interface Props {
  readonly title: string
  /** Where the browser's title says more than the heading. */
  readonly documentTitle?: string
  /** Beside the title, such as a status. */
  readonly detail?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
}

/** A page's frame: its heading, also in the browser's title, and its parts below each other. */
export function Page({ title, documentTitle = title, detail, actions, children }: Props) {
  useEffect(() => {
    document.title = `${documentTitle} · Binnacle`
  }, [documentTitle])
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
