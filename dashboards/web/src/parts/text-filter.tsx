import { useEffect, useRef, useState } from 'react'
import { useSearchParams, useSetSearch } from '../url-state.ts'
import { isTyping } from './is-typing.ts'

/** The list follows once typing pauses. */
const pauseMs = 250

interface Props {
  readonly label: string
  /** The URL parameter. */
  readonly name?: string
}

/** A text to look for, in the URL. `/` goes there. */
export function TextFilter({ label, name = 'q' }: Props) {
  const search = useSearchParams()
  const set = useSetSearch()
  const inUrl = search[name] ?? ''
  const [text, setText] = useState(inUrl)
  const field = useRef<HTMLInputElement>(null)
  const latest = useRef(set)
  latest.current = set
  useEffect(() => setText(inUrl), [inUrl])
  useEffect(() => {
    if (text === inUrl) return
    const timer = setTimeout(() => latest.current({ [name]: text || undefined }, { replace: true }), pauseMs)
    return () => clearTimeout(timer)
  }, [text, inUrl, name])
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (
        event.key !== '/' ||
        event.defaultPrevented ||
        event.ctrlKey ||
        event.metaKey ||
        isTyping(event.target)
      )
        return
      event.preventDefault()
      field.current?.focus()
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [])
  return (
    <input
      ref={field}
      type="search"
      aria-label={label}
      placeholder={`${label}  ( / )`}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.preventDefault()
        setText('')
        event.currentTarget.blur()
      }}
    />
  )
}
