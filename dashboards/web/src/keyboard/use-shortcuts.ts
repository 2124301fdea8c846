import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { isTyping } from '../parts/is-typing.ts'
import { timeSearch } from '../search-params.ts'
import { pairMs, places } from './shortcuts.ts'

interface Acts {
  readonly onPalette: () => void
  readonly onHelp: () => void
}

/** The keys that work on every page. */
export function useShortcuts(acts: Acts): void {
  const navigate = useNavigate()
  const latest = useRef({ acts, navigate })
  latest.current = { acts, navigate }
  const wentAtMs = useRef(Number.NEGATIVE_INFINITY)
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        latest.current.acts.onPalette()
        return
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return
      const place = event.timeStamp - wentAtMs.current < pairMs ? places[event.key] : undefined
      wentAtMs.current = Number.NEGATIVE_INFINITY
      if (place) {
        event.preventDefault()
        latest.current.navigate({ to: place.to, search: timeSearch })
      } else if (event.key === 'g') wentAtMs.current = event.timeStamp
      else if (event.key === '?') latest.current.acts.onHelp()
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [])
}
