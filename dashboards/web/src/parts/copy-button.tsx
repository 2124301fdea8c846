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
      {state === 'copied' ? '✓ copied' : state === 'failed' ? 'cannot copy' : '⧉'}
    </button>
  )
}
