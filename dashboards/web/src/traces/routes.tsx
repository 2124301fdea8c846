import { type AnyRootRoute, createRoute, lazyRouteComponent } from '@tanstack/react-router'

/** The search for traces, and one trace. */
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
  ]
}
