import { type AnyRoute, createRoute, lazyRouteComponent } from '@tanstack/react-router'

export function settingsRoutes(parent: AnyRoute): AnyRoute[] {
  return [
    createRoute({
      getParentRoute: () => parent,
      path: '/agents',
      component: lazyRouteComponent(() => import('./agents-page.tsx'), 'AgentsPage'),
    }),
    createRoute({
      getParentRoute: () => parent,
      path: '/agents/$clusterId/configure',
      component: lazyRouteComponent(() => import('./configure-page.tsx'), 'ConfigurePage'),
    }),
    createRoute({
      getParentRoute: () => parent,
      path: '/about',
      component: lazyRouteComponent(() => import('./about-page.tsx'), 'AboutPage'),
    }),
  ]
}
