import { type AnyRoute, createRoute, lazyRouteComponent } from '@tanstack/react-router'

/** Pages of clusters, loaded when they are first opened. */
export function clusterRoutes(parent: AnyRoute): AnyRoute[] {
  const getParentRoute = () => parent
  return [
    createRoute({
      getParentRoute,
      path: '/clusters',
      component: lazyRouteComponent(() => import('./clusters-page.tsx'), 'ClustersPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/clusters/$clusterId',
      component: lazyRouteComponent(() => import('./dashboard-page.tsx'), 'ClusterDashboardPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/clusters/$clusterId/pods',
      component: lazyRouteComponent(() => import('./pods-page.tsx'), 'PodsPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/clusters/$clusterId/workloads',
      component: lazyRouteComponent(() => import('./workloads-page.tsx'), 'WorkloadsPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/clusters/$clusterId/nodes',
      component: lazyRouteComponent(() => import('./nodes-page.tsx'), 'NodesPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/clusters/$clusterId/objects',
      component: lazyRouteComponent(() => import('./objects-page.tsx'), 'ObjectsPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/clusters/$clusterId/namespaces',
      component: lazyRouteComponent(() => import('./namespaces-page.tsx'), 'NamespacesPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/clusters/$clusterId/instrumentation',
      component: lazyRouteComponent(
        () => import('../instrumentation/instrumentation-page.tsx'),
        'InstrumentationPage',
      ),
    }),
    createRoute({
      getParentRoute,
      path: '/clusters/$clusterId/inventory',
      component: lazyRouteComponent(() => import('./inventory-page.tsx'), 'InventoryPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/clusters/$clusterId/events',
      component: lazyRouteComponent(() => import('./events-page.tsx'), 'EventsPage'),
    }),
  ]
}
