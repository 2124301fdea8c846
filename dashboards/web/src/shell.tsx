import type { About } from '@binnacle/collector/api/common'
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import { useApi } from './api.ts'
import { Keyboard } from './keyboard/keyboard.tsx'
import { ComparePicker } from './parts/compare-picker.tsx'
import { TimeRangePicker } from './parts/time-range-picker.tsx'
import { timeSearch } from './search-params.ts'
import { ThemeSwitch } from './theme-switch.tsx'
import { type Refresh, RefreshContext } from './url-state.ts'
import './parts/parts.css'
import './shell.css'

const places = [
  { label: 'Home', to: '/', exact: true },
  { label: 'Applications', to: '/applications', exact: false },
  { label: 'Clusters', to: '/clusters', exact: false },
  { label: 'Traces', to: '/traces', exact: false },
  { label: 'Violations', to: '/violations', exact: false },
  { label: 'Agents', to: '/agents', exact: false },
]

/** One header line over every page. */
export function Shell() {
  const refresh = useAutoRefresh()
  const { pathname } = useLocation()
  return (
    <RefreshContext value={refresh}>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <header className="header">
        <Link to="/" search={timeSearch} className="brand">
          <img src="/icon.svg" alt="" width="20" height="20" />
          <b>Binnacle</b>
        </Link>
        <nav className="places" aria-label="Main">
          {places.map(({ label, to, exact }) => (
            <Link
              key={to}
              to={to}
              search={timeSearch}
              activeOptions={{ exact, includeSearch: false }}
              activeProps={{ 'aria-current': 'page' }}
            >
              {label}
            </Link>
          ))}
        </nav>
        <div className="header-tools">
          <Keyboard />
          {/^\/applications(?!\/[^/]+\/slos)/.test(pathname) && <ComparePicker />}
          <TimeRangePicker />
          <ThemeSwitch />
        </div>
      </header>
      <Notice />
      <main id="main" tabIndex={-1}>
        <Outlet />
      </main>
    </RefreshContext>
  )
}

function Notice() {
  const about = useApi<About>('/about')
  const notice = about.data?.notice
  return notice ? (
    <div className="notice" role="note">
      {notice}
    </div>
  ) : null
}

function useAutoRefresh(): Refresh {
  const [everyMs, setEveryMs] = useState<number | false>(false)
  const [count, setCount] = useState(0)
  useEffect(() => {
    if (everyMs === false) return
    const timer = setInterval(() => {
      if (!document.hidden) setCount((now) => now + 1)
    }, everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return useMemo(
    () => ({ everyMs, count, setEveryMs, now: () => setCount((now) => now + 1) }),
    [everyMs, count],
  )
}
