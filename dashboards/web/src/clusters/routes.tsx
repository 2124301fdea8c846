import { type AnyRoute, createRoute, lazyRouteComponent } from '@tanstack/react-router'

/** Pages of clusters, loaded when they are first opened. */
export function clusterRoutes(parent: AnyRoute): AnyRoute[] {
  return [
    createRoute({
      getParentRoute: () => parent,
      path: '/clusters',
      component: lazyRouteComponent(() => import('./clusters-page.tsx'), 'ClustersPage'),
    }),
  ]
}
