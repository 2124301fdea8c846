import { type AnyRoute, createRoute, lazyRouteComponent } from '@tanstack/react-router'

export function homeRoutes(parent: AnyRoute): AnyRoute[] {
  return [
    createRoute({
      getParentRoute: () => parent,
      path: '/',
      component: lazyRouteComponent(() => import('./home-page.tsx'), 'HomePage'),
    }),
  ]
}
