import { EmptyState } from '../parts/empty-state.tsx'
import { Page } from '../parts/page.tsx'

export function AboutPage() {
  return (
    <Page title="About">
      <EmptyState title="Being built" />
    </Page>
  )
}
