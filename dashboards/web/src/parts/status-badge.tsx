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
  const text = children ?? state
  return (
    <span className="status" data-state={state} title={text}>
      <span className="status-shape" aria-hidden="true">
        {shapes[state]}
      </span>
      <span className="status-text">{text}</span>
    </span>
  )
}

/** Shape and colour alone, where the words stand nearby. */
export function StatusShape({ state }: { readonly state: State }) {
  return (
    <span className="status" data-state={state} aria-hidden="true">
      <span className="status-shape">{shapes[state]}</span>
    </span>
  )
}
