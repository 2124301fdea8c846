import { useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Page } from '../parts/page.tsx'
import { Tabs } from '../parts/tabs.tsx'
import './applications.css'

/** The application in the URL. */
export function useApplication(): string {
  const { application = '' } = useParams({ strict: false }) as { application?: string }
  return application
}

/** The frame of every page of one application. */
export function ApplicationFrame({ children }: { readonly children: ReactNode }) {
  const application = useApplication()
  const params = { application }
  return (
    <Page title={application}>
      <Tabs
        label="Parts of the application"
        tabs={[
          { label: 'Dashboard', to: '/applications/$application', params },
          { label: 'Transactions', to: '/applications/$application/transactions', params, deep: true },
          { label: 'Snapshots', to: '/applications/$application/snapshots', params },
          { label: 'Tiers & nodes', to: '/applications/$application/tiers', params },
          { label: 'Flow map', to: '/applications/$application/flow-map', params },
          { label: 'Errors', to: '/applications/$application/errors', params },
          { label: 'Databases', to: '/applications/$application/databases', params },
          { label: 'Remote services', to: '/applications/$application/backends', params },
          { label: 'Endpoints', to: '/applications/$application/endpoints', params },
          { label: 'Operations', to: '/applications/$application/operations', params },
          {
            label: 'Information points',
            to: '/applications/$application/information-points',
            params,
          },
          { label: 'Releases', to: '/applications/$application/releases', params, deep: true },
          { label: 'SLOs', to: '/applications/$application/slos', params, deep: true },
          { label: 'Traces', to: '/traces', search: { application } },
        ]}
      />
      {children}
    </Page>
  )
}
