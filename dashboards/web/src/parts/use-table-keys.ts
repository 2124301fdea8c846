import { type RefObject, useEffect, useRef } from 'react'
import { isTyping } from './is-typing.ts'

interface TableKeys {
  readonly keys: () => readonly string[]
  readonly active: string | undefined
  readonly onActivate: (key: string, index: number) => void
  readonly onOpen: (index: number) => void
}

/** j and k walk the rows, Enter opens. Of several tables the one with the focus listens, else the page's first. */
export function useTableKeys(box: RefObject<HTMLElement | null>, table: TableKeys): void {
  const latest = useRef(table)
  latest.current = table
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target))
        return
      if (!box.current || !listens(box.current)) return
      if (act(event, latest.current)) event.preventDefault()
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [box])
}

function listens(box: HTMLElement): boolean {
  const focused = document.activeElement?.closest('[data-table]')
  return box === (focused ?? document.querySelector('[data-table]'))
}

function act(event: KeyboardEvent, { keys, active, onActivate, onOpen }: TableKeys): boolean {
  const all = keys()
  const index = active === undefined ? -1 : all.indexOf(active)
  const move = (to: number) => {
    const key = all[to]
    if (key === undefined) return false
    onActivate(key, to)
    return true
  }
  switch (event.key) {
    case 'j':
      return move(Math.min(index + 1, all.length - 1))
    case 'k':
      return move(Math.max(index - 1, 0))
    case 'Enter':
      if (index < 0 || (event.target instanceof Element && event.target.closest('a, button, summary')))
        return false
      onOpen(index)
      return true
    default:
      return false
  }
}
