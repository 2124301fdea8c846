import type { ApiError } from '../api.ts'

interface Props {
  readonly error: ApiError | Error
  readonly onRetry?: () => void
}

/** What failed, why, and what to do. */
export function ErrorState({ error, onRetry }: Props) {
  return (
    <div className="error" role="alert">
      <span className="error-text">
        <b>✕ {error.message}</b>
        {'code' in error && <span className="quiet">Code: {error.code}</span>}
      </span>
      {onRetry && (
        <button type="button" className="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  )
}
