import { createRootRoute, createRouter, type ErrorComponentProps, Link } from '@tanstack/react-router'
import { violationRoutes } from './alerts/routes.tsx'
import { applicationRoutes } from './applications/routes.tsx'
import { clusterRoutes } from './clusters/routes.tsx'
import { homeRoutes } from './home/routes.tsx'
import { EmptyState } from './parts/empty-state.tsx'
import { ErrorState } from './parts/error-state.tsx'
import { Page } from './parts/page.tsx'
import { releaseRoutes } from './releases/routes.tsx'
import { parseSearch, stringifySearch } from './search-params.ts'
import { settingsRoutes } from './settings/routes.tsx'
import { Shell } from './shell.tsx'
import { traceRoutes } from './traces/routes.tsx'

/** All pages. Each part of the product brings its own routes, loaded when they are first opened. */
export function createAppRouter() {
  const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: Failed })
  const routeTree = root.addChildren([
    ...homeRoutes(root),
    ...applicationRoutes(root),
    ...releaseRoutes(root),
    ...clusterRoutes(root),
    ...traceRoutes(root),
    ...violationRoutes(root),
    ...settingsRoutes(root),
  ])
  return createRouter({
    routeTree,
    parseSearch,
    stringifySearch,
    defaultPreload: 'intent',
    scrollRestoration: true,
  })
}

function NotFound() {
  return (
    <Page title="Not found">
      <EmptyState title="There is no such page">
        The address may be mistyped. <Link to="/">Go home</Link>.
      </EmptyState>
    </Page>
  )
}

function Failed({ error }: ErrorComponentProps) {
  return (
    <Page title="Error">
      <ErrorState
        error={error instanceof Error ? error : new Error(String(error))}
        onRetry={() => location.reload()}
      />
    </Page>
  )
}
