import type { State } from './state.ts'

const shapes: Readonly<Record<State, string>> = {
  ok: '●',
  pending: '◐',
  warning: '▲',
  failed: '✕',
  error: '✕',
  critical: '✕',
  done: '○',
  info: '○',
}

/** A state as shape, colour and word, so that no one needs to see colours. */
export function StatusBadge({ state, children }: { readonly state: State; readonly children?: string }) {
  return (
    <span className="status" data-state={state}>
      <span className="status-shape" aria-hidden="true">
        {shapes[state]}
      </span>
      {children ?? state}
    </span>
  )
}
