import { type ReactNode, useEffect, useRef, useState } from 'react'

interface Props {
  readonly label: ReactNode
  readonly title?: string
  /** What the button looks like, and which side its box keeps to. */
  readonly kind?: 'button' | 'chip'
  readonly children: (close: () => void) => ReactNode
}

/** A button that opens a box below it; Esc, or a click elsewhere, closes it. */
export function Popover({ label, title, kind = 'button', children }: Props) {
  const [open, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!open) return
    const onPointer = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false)
    }
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return
      event.preventDefault()
      setOpen(false)
    }
    document.addEventListener('pointerdown', onPointer)
    // The capture phase: what is above closes before what is below.
    window.addEventListener('keydown', onKey, true)
    return () => {
      document.removeEventListener('pointerdown', onPointer)
      window.removeEventListener('keydown', onKey, true)
    }
  }, [open])
  return (
    <div className="popover" ref={root}>
      <button
        type="button"
        className={kind}
        aria-expanded={open}
        title={title}
        onClick={() => setOpen(!open)}
      >
        {label} <span aria-hidden="true">▾</span>
      </button>
      {open && <div className={`popover-box popover-${kind}`}>{children(() => setOpen(false))}</div>}
    </div>
  )
}
