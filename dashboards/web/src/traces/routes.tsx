import { type AnyRootRoute, createRoute, lazyRouteComponent } from '@tanstack/react-router'

/** The search for traces, one trace, and two beside each other. */
export function traceRoutes(root: AnyRootRoute) {
  const parent = { getParentRoute: () => root }
  return [
    createRoute({
      ...parent,
      path: '/traces',
      component: lazyRouteComponent(() => import('./search-page.tsx'), 'TraceSearchPage'),
    }),
    createRoute({
      ...parent,
      path: '/traces/$traceId',
      component: lazyRouteComponent(() => import('./trace-page.tsx'), 'TracePage'),
    }),
    createRoute({
      ...parent,
      path: '/traces/$traceId/compare',
      component: lazyRouteComponent(() => import('./compare-page.tsx'), 'CompareTracesPage'),
    }),
  ]
}
