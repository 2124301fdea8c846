import { type ReactNode, useEffect, useRef } from 'react'
import './keyboard.css'

interface Props {
  readonly label: string
  readonly onClose: () => void
  readonly children: ReactNode
}

/** A box over the page: the browser's own dialog keeps the focus inside and gives it back. */
export function Modal({ label, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const element = dialog.current
    if (!element?.open) element?.showModal()
  }, [])
  return (
    <dialog
      ref={dialog}
      className="modal"
      aria-label={label}
      onClose={onClose}
      onKeyDown={(event) => {
        // Keys in here mean nothing to the page below.
        event.stopPropagation()
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose()
      }}
    >
      <div className="modal-box">{children}</div>
    </dialog>
  )
}
