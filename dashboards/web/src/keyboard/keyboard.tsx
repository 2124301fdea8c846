import { lazy, Suspense, useState } from 'react'
import { useShortcuts } from './use-shortcuts.ts'

const Palette = lazy(async () => ({ default: (await import('./palette.tsx')).Palette }))
const Help = lazy(async () => ({ default: (await import('./help.tsx')).Help }))

/** The search button of the header, and the keys that work everywhere. */
export function Keyboard() {
  const [open, setOpen] = useState<'palette' | 'help' | undefined>()
  const close = () => setOpen(undefined)
  useShortcuts({ onPalette: () => setOpen('palette'), onHelp: () => setOpen('help') })
  return (
    <>
      <button
        type="button"
        className="icon-button search-button"
        aria-label="Search (Ctrl K)"
        title="Search (⌘K or Ctrl K); ? lists all keys"
        onClick={() => setOpen('palette')}
      >
        <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
          <path
            d="M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1M9.7 9.7l3.3 3.3"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.5"
          />
        </svg>
        <kbd>⌘K</kbd>
      </button>
      <Suspense>
        {open === 'palette' && <Palette onClose={close} />}
        {open === 'help' && <Help onClose={close} />}
      </Suspense>
    </>
  )
}
