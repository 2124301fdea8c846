import { Link } from '@tanstack/react-router'
import { timeSearch } from '../url-state.ts'

interface Tab {
  readonly label: string
  readonly to: string
  readonly params?: Readonly<Record<string, string>>
  /** Beside the time range, which every tab keeps. */
  readonly search?: Readonly<Record<string, string>>
}

export function Tabs({ label, tabs }: { readonly label: string; readonly tabs: readonly Tab[] }) {
  return (
    <nav className="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <Link
          key={tab.label}
          to={tab.to}
          params={tab.params ?? {}}
          search={(previous: Record<string, unknown>) => ({ ...timeSearch(previous), ...tab.search })}
          activeOptions={{ exact: true, includeSearch: false }}
          activeProps={{ 'aria-current': 'page' }}
        >
          {tab.label}
        </Link>
      ))}
    </nav>
  )
}
