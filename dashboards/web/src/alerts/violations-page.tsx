import { EmptyState } from '../parts/empty-state.tsx'
import { Page } from '../parts/page.tsx'

export function ViolationsPage() {
  return (
    <Page title="Violations">
      <EmptyState title="Being built" />
    </Page>
  )
}
