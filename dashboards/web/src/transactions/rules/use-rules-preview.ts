import type { TransactionPreview } from '@binnacle/collector/api/transactions'
import type { TransactionSettings } from '@binnacle/collector/record/transaction-settings'
import { useEffect, useState } from 'react'
import { sendApi } from '../../api.ts'

const pauseMs = 400

/** What the calls of the last hour would be named; or why the settings cannot be used. Asked once typing pauses. */
export function useRulesPreview(path: string, settings: TransactionSettings) {
  const [preview, setPreview] = useState<TransactionPreview>()
  const [refusal, setRefusal] = useState('')
  const text = JSON.stringify(settings)
  useEffect(() => {
    const cancel = new AbortController()
    const timer = setTimeout(() => {
      sendApi<TransactionPreview>('POST', `${path}/preview`, {
        body: { settings: JSON.parse(text) },
        signal: cancel.signal,
      }).then(
        (answer) => {
          setPreview(answer)
          setRefusal('')
        },
        (error: unknown) => {
          if (!cancel.signal.aborted) setRefusal(error instanceof Error ? error.message : String(error))
        },
      )
    }, pauseMs)
    return () => {
      clearTimeout(timer)
      cancel.abort()
    }
  }, [path, text])
  return { preview, refusal }
}
