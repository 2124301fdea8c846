import { ApplicationFrame, useApplication } from './application-page.tsx'
import { FlowMapCard } from './flow-map-card.tsx'

export function FlowMapPage() {
  return (
    <ApplicationFrame>
      <FlowMapCard of={{ application: useApplication() }} height={620} />
    </ApplicationFrame>
  )
}
