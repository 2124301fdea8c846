import { EmptyState } from '../parts/empty-state.tsx'
import { Page } from '../parts/page.tsx'

export function AgentsPage() {
  return (
    <Page title="Agents">
      <EmptyState title="Being built" />
    </Page>
  )
}
