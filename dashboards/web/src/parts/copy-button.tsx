import { useEffect, useState } from 'react'

const confirmMs = 1_500

interface Props {
  readonly text: string
  /** What it does, for screen readers and as a tip. */
  readonly label: string
}

export function CopyButton({ text, label }: Props) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle')
  useEffect(() => {
    if (state === 'idle') return
    const timer = setTimeout(() => setState('idle'), confirmMs)
    return () => clearTimeout(timer)
  }, [state])
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setState('copied')
    } catch {
      setState('failed')
    }
  }
  return (
    <button type="button" className="icon-button" onClick={copy} aria-label={label} title={label}>
      {state === 'copied' ? '✓ copied' : state === 'failed' ? 'cannot copy' : <CopyIcon />}
    </button>
  )
}

/** Drawn, since the sign for it is missing in many fonts. */
function CopyIcon() {
  return (
    <svg viewBox="0 0 16 16" width="14" height="14" fill="none" stroke="currentColor" aria-hidden="true">
      <rect x="2" y="2" width="8" height="9" rx="1.5" />
      <path d="M12.5 5.5v7a1.5 1.5 0 0 1-1.5 1.5H6" />
    </svg>
  )
}
