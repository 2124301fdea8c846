import { useEffect } from 'react'
import { isTyping } from '../parts/is-typing.ts'
import type { WaterfallRow } from './waterfall.ts'

interface Keys {
  readonly rows: readonly WaterfallRow[]
  readonly activeIndex: number
  readonly onActivate: (index: number) => void
  readonly onToggle: (row: WaterfallRow) => void
  readonly onOpen: (row: WaterfallRow) => void
  readonly onNextError: () => void
}

/** j k and arrows move, Enter opens, Space and left/right fold, e goes to the next error. The side panel closes by Esc itself. */
export function useWaterfallKeys(keys: Keys): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target))
        return
      if (act(event.key, event.target, keys)) event.preventDefault()
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [keys])
}

/** Whether the key meant something. */
function act(key: string, target: EventTarget | null, keys: Keys): boolean {
  const { rows, activeIndex } = keys
  const row = rows[activeIndex]
  const onControl = target instanceof HTMLElement && target.closest('button, a, summary') !== null
  switch (key) {
    case 'j':
    case 'ArrowDown':
      keys.onActivate(Math.min(activeIndex + 1, rows.length - 1))
      return true
    case 'k':
    case 'ArrowUp':
      keys.onActivate(Math.max(activeIndex - 1, 0))
      return true
    case 'e':
      keys.onNextError()
      return true
    case 'Enter':
      if (!row || onControl) return false
      keys.onOpen(row)
      return true
    case ' ':
      if (!row || onControl) return false
      keys.onToggle(row)
      return true
    case 'ArrowLeft':
      if (row?.fold === 'open') keys.onToggle(row)
      return row !== undefined
    case 'ArrowRight':
      if (row?.fold === 'closed') keys.onToggle(row)
      return row !== undefined
    default:
      return false
  }
}
