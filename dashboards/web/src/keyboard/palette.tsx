import { useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { timeSearch, withSearch } from '../search-params.ts'
import { useSearchParams } from '../url-state.ts'
import { findPlaces, type Place } from './find-places.ts'
import { Modal } from './modal.tsx'
import { usePlaces } from './use-places.ts'

/** Go anywhere by typing a part of its name. */
export function Palette({ onClose }: { readonly onClose: () => void }) {
  const [text, setText] = useState('')
  const [index, setIndex] = useState(0)
  const found = findPlaces(usePlaces(), text)
  const navigate = useNavigate()
  const time = timeSearch(useSearchParams())
  const list = useRef<HTMLDivElement>(null)
  const go = (place: Place | undefined) => {
    if (!place) return
    onClose()
    navigate({ href: withSearch(place.href, time) })
  }
  useEffect(() => {
    list.current?.children[index]?.scrollIntoView({ block: 'nearest' })
  }, [index])
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setIndex(Math.min(index + 1, found.length - 1))
    else if (event.key === 'ArrowUp') setIndex(Math.max(index - 1, 0))
    else if (event.key === 'Enter') go(found[index])
    else return
    event.preventDefault()
  }
  return (
    <Modal label="Search" onClose={onClose}>
      <input
        type="text"
        className="palette-field"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={found[index] ? `palette-${index}` : undefined}
        aria-label="Search pages, clusters, applications, namespaces"
        placeholder="Page, cluster, application, namespace…"
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setIndex(0)
        }}
        onKeyDown={onKey}
      />
      <div className="palette-list" id="palette-list" role="listbox" aria-label="Found" ref={list}>
        {found.map((place, position) => (
          <button
            key={`${place.kind} ${place.href}`}
            id={`palette-${position}`}
            type="button"
            role="option"
            tabIndex={-1}
            aria-selected={position === index}
            onMouseMove={() => setIndex(position)}
            onClick={() => go(place)}
          >
            <span>{place.name}</span>
            <span className="quiet">{place.kind}</span>
          </button>
        ))}
        {found.length === 0 && <p className="quiet">Nothing by this name.</p>}
      </div>
    </Modal>
  )
}
