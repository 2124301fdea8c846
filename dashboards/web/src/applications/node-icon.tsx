import type { FlowNode } from '@binnacle/collector/api/applications'

const shapes: Readonly<Record<FlowNode['type'], string>> = {
  tier: 'M8 1.5 14 5v6l-6 3.5L2 11V5zM8 8v6M8 8 2.3 5M8 8l5.7-3',
  database: 'M2.5 4c0-3.3 11-3.3 11 0v8c0 3.3-11 3.3-11 0zM2.5 4c0 3.3 11 3.3 11 0M2.5 8c0 3.3 11 3.3 11 0',
  queue: 'M1.5 4.5h13v7h-13zM5.5 4.5v7M9.5 4.5v7',
  external: 'M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13M1.5 8h13M8 1.5c-4 4-4 9 0 13M8 1.5c4 4 4 9 0 13',
  client: 'M8 2a2.7 2.7 0 1 0 0 5.4A2.7 2.7 0 1 0 8 2M2.5 14c0-6.5 11-6.5 11 0',
}

/** A shape for each type of node, so that the type does not hang on colour or words. */
export function NodeIcon({ type }: { readonly type: FlowNode['type'] }) {
  return (
    <svg className="flow-icon" viewBox="0 0 16 16" width="20" height="20" aria-hidden="true">
      <path d={shapes[type]} fill="none" stroke="currentColor" strokeWidth="1.2" strokeLinejoin="round" />
    </svg>
  )
}
