import { Command } from '../parts/command.tsx'
import { EmptyState } from '../parts/empty-state.tsx'

const command = 'kubectl label namespace shop binnacle.dev/collect=enabled'

/** How a namespace opts in. */
export function OptInCommand() {
  return <Command text={command} />
}

export function NoNamespaceYet() {
  return (
    <EmptyState title="No namespace has opted in yet">
      <p>Nothing is collected until a namespace says so. Label one; its pods show up here within seconds:</p>
      <OptInCommand />
    </EmptyState>
  )
}

export function NoClusterYet() {
  return (
    <EmptyState title="No cluster has reported yet">
      <p>Install the agent in a cluster, then label the namespaces it may collect from:</p>
      <OptInCommand />
    </EmptyState>
  )
}
