import type { ClusterInjection } from '@binnacle/collector/api/injection'
import { Command } from '../parts/command.tsx'
import { EmptyState } from '../parts/empty-state.tsx'

/** How a namespace asks for injection. */
export function NoInjectionYet({ injects }: Pick<ClusterInjection, 'injects'>) {
  return (
    <EmptyState title="No namespace asks for instrumentation yet">
      {injects === 'off' && (
        <>
          <p>The agent of this cluster was installed without injection. Switch it on first:</p>
          <Command text="helm upgrade binnacle-agent binnacle/binnacle-agent -n binnacle --reuse-values --set injection.enabled=true" />
        </>
      )}
      <p>Label a namespace; applications in pods that are made from then on send traces without a change:</p>
      <Command text="kubectl label namespace shop binnacle.dev/inject=enabled" />
      <p>
        Pods that run already are not touched: this page then shows which need a restart, and you choose when.
      </p>
      <p>A pod opts out by a label in the template of its workload:</p>
      <Command text="binnacle.dev/inject: disabled" />
    </EmptyState>
  )
}
