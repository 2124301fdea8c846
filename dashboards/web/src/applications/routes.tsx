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
      path: '/applications/$application/transaction-rules',
      component: lazyRouteComponent(
        () => import('../transactions/rules/rules-page.tsx'),
        'TransactionRulesPage',
      ),
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
      path: '/applications/$application/slos',
      component: lazyRouteComponent(() => import('../slos/slos-page.tsx'), 'SlosPage'),
    }),
    createRoute({
      ...parent,
      path: '/applications/$application/slos/new',
      component: lazyRouteComponent(() => import('../slos/slo-form-page.tsx'), 'NewSloPage'),
    }),
    createRoute({
      ...parent,
      path: '/applications/$application/slos/$sloId',
      component: lazyRouteComponent(() => import('../slos/slo-page.tsx'), 'SloPage'),
    }),
    createRoute({
      ...parent,
      path: '/applications/$application/slos/$sloId/edit',
      component: lazyRouteComponent(() => import('../slos/slo-form-page.tsx'), 'EditSloPage'),
    }),
    createRoute({
      ...parent,
      path: '/applications/$application/flow-map',
      component: lazyRouteComponent(() => import('./flow-map-page.tsx'), 'FlowMapPage'),
    }),
    createRoute({
      ...parent,
      path: '/applications/$application/errors',
      component: lazyRouteComponent(() => import('../errors/errors-page.tsx'), 'ErrorsPage'),
    }),
    createRoute({
      ...parent,
      path: '/applications/$application/databases',
      component: lazyRouteComponent(() => import('../calls/databases-page.tsx'), 'DatabasesPage'),
    }),
    createRoute({
      ...parent,
      path: '/applications/$application/backends',
      component: lazyRouteComponent(() => import('../calls/backends-page.tsx'), 'BackendsPage'),
    }),
    createRoute({
      ...parent,
      path: '/applications/$application/endpoints',
      component: lazyRouteComponent(() => import('../calls/endpoints-page.tsx'), 'EndpointsPage'),
    }),
    createRoute({
      ...parent,
      path: '/applications/$application/information-points',
      component: lazyRouteComponent(
        () => import('../information-points/information-points-page.tsx'),
        'InformationPointsPage',
      ),
    }),
  ]
}
