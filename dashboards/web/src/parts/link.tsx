import { useNavigate } from '@tanstack/react-router'
import type { MouseEvent, ReactNode } from 'react'

interface Props {
  /** A path within the app with its parameters, as the API gives it. */
  readonly href: string
  readonly className?: string
  readonly tone?: string
  readonly children: ReactNode
}

/** A link within the app by its address. */
export function Link({ href, className, tone, children }: Props) {
  const navigate = useNavigate()
  const follow = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return
    event.preventDefault()
    navigate({ href })
  }
  return (
    <a className={className} data-tone={tone} href={href} onClick={follow}>
      {children}
    </a>
  )
}
