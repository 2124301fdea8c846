import { type AnyRootRoute, createRoute, lazyRouteComponent } from '@tanstack/react-router'

/** Versions of an application's tiers, and one against another. */
export function releaseRoutes(root: AnyRootRoute) {
  const parent = { getParentRoute: () => root }
  return [
    createRoute({
      ...parent,
      path: '/applications/$application/releases',
      component: lazyRouteComponent(() => import('./releases-page.tsx'), 'ReleasesPage'),
    }),
    createRoute({
      ...parent,
      path: '/applications/$application/releases/$service',
      component: lazyRouteComponent(() => import('./compare-page.tsx'), 'ComparePage'),
    }),
  ]
}
