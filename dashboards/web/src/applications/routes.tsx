import { type AnyRootRoute, createRoute, lazyRouteComponent } from '@tanstack/react-router'

/** Applications and what belongs to one of them. */
export function applicationRoutes(root: AnyRootRoute) {
  const parent = { getParentRoute: () => root }
  return [
    createRoute({
      ...parent,
      path: '/applications',
      component: lazyRouteComponent(() => import('./applications-page.tsx'), 'ApplicationsPage'),
    }),
    createRoute({
      ...parent,
      path: '/applications/$application',
      component: lazyRouteComponent(() => import('./dashboard-page.tsx'), 'ApplicationDashboardPage'),
    }),
    createRoute({
      ...parent,
      path: '/applications/$application/transactions',
      component: lazyRouteComponent(
        () => import('../transactions/transactions-page.tsx'),
        'TransactionsPage',
      ),
    }),
    createRoute({
      ...parent,
      path: '/applications/$application/transactions/one',
      component: lazyRouteComponent(() => import('../transactions/transaction-page.tsx'), 'TransactionPage'),
    }),
    createRoute({
      ...parent,
      path: '/applications/$application/snapshots',
      component: lazyRouteComponent(() => import('../transactions/snapshots-page.tsx'), 'SnapshotsPage'),
    }),
    createRoute({
      ...parent,
      path: '/applications/$application/operations',
      component: lazyRouteComponent(() => import('./operations-page.tsx'), 'OperationsPage'),
    }),
    createRoute({
      ...parent,
      path: '/applications/$application/tiers',
      component: lazyRouteComponent(() => import('./tiers-page.tsx'), 'TiersPage'),
    }),
    createRoute({
      ...parent,
      path: '/applications/$application/flow-map',
      component: lazyRouteComponent(() => import('./flow-map-page.tsx'), 'FlowMapPage'),
    }),
  ]
}
