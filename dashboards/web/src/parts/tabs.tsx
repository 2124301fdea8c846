import { Link, useLocation } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { timeSearch } from '../search-params.ts'

interface Tab {
  readonly label: string
  readonly to: string
  readonly params?: Readonly<Record<string, string>>
  /** Beside the time range, which every tab keeps. */
  readonly search?: Readonly<Record<string, string>>
  /** Also open on the pages below it. */
  readonly deep?: true
}

export function Tabs({ label, tabs }: { readonly label: string; readonly tabs: readonly Tab[] }) {
  const { pathname } = useLocation()
  const bar = useRef<HTMLElement>(null)
  // On a phone the bar scrolls: the open tab shall be in sight.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another path is another open tab
  useEffect(() => {
    const open = bar.current?.querySelector<HTMLElement>('[aria-current]')
    if (open && bar.current) bar.current.scrollLeft = open.offsetLeft - bar.current.offsetLeft - 48
  }, [pathname])
  return (
    <nav className="tabs" aria-label={label} ref={bar}>
      {tabs.map((tab) => (
        <Link
          key={tab.label}
          to={tab.to}
          params={tab.params ?? {}}
          search={(previous: Record<string, unknown>) => ({ ...timeSearch(previous), ...tab.search })}
          activeOptions={{ exact: !tab.deep, includeSearch: false }}
          activeProps={{ 'aria-current': 'page' }}
        >
          {tab.label}
        </Link>
      ))}
    </nav>
  )
}
