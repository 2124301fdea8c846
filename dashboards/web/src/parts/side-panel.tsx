import { type ReactNode, useEffect, useRef } from 'react'

interface Props {
  readonly title: string
  readonly actions?: ReactNode
  readonly onClose: () => void
  readonly children: ReactNode
}

/** Details beside the list they belong to. Esc closes, and the focus returns to where it was. */
export function SidePanel({ title, actions, onClose, children }: Props) {
  const panel = useRef<HTMLElement>(null)
  const close = useRef(onClose)
  close.current = onClose
  useEffect(() => {
    const before = document.activeElement
    panel.current?.focus({ preventScroll: true })
    const listen = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented) return
      event.preventDefault()
      close.current()
    }
    window.addEventListener('keydown', listen)
    return () => {
      window.removeEventListener('keydown', listen)
      if (before instanceof HTMLElement) before.focus({ preventScroll: true })
    }
  }, [])
  return (
    <aside ref={panel} className="side-panel" aria-label={title} tabIndex={-1}>
      <div className="side-panel-head">
        <h2>{title}</h2>
        {actions}
        <button
          type="button"
          className="icon-button"
          onClick={onClose}
          aria-label="Close"
          title="Close (Esc)"
        >
          ✕
        </button>
      </div>
      <div className="side-panel-body">{children}</div>
    </aside>
  )
}
