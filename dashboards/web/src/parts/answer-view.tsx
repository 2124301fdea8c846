import type { ReactNode } from 'react'
import type { ApiAnswer } from '../api.ts'
import { ErrorState } from './error-state.tsx'
import { Skeleton } from './skeleton.tsx'

interface Props<T> {
  readonly answer: ApiAnswer<T>
  /** Of the place that is held until the answer comes. */
  readonly height: number
  readonly children: (data: T) => ReactNode
}

/** An answer of the API in whatever state it is: on its way, failed, there, or outdated and dimmed. */
export function AnswerView<T>({ answer, height, children }: Props<T>) {
  if (answer.error) return <ErrorState error={answer.error} onRetry={answer.refetch} />
  if (answer.data === undefined) return <Skeleton height={height} />
  return <div className={answer.dimmed ? 'answer dimmed' : 'answer'}>{children(answer.data)}</div>
}
