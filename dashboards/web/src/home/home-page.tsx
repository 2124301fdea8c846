import { EmptyState } from '../parts/empty-state.tsx'
import { Page } from '../parts/page.tsx'

export function HomePage() {
  return (
    <Page title="Home">
      <EmptyState title="Being built" />
    </Page>
  )
}
