import { type AnyRoute, createRoute, lazyRouteComponent } from '@tanstack/react-router'

export function violationRoutes(parent: AnyRoute): AnyRoute[] {
  return [
    createRoute({
      getParentRoute: () => parent,
      path: '/violations',
      component: lazyRouteComponent(() => import('./violations-page.tsx'), 'ViolationsPage'),
    }),
  ]
}
