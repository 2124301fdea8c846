import type { KubeError } from '../../record/kube-api.ts'

/** What a failure means for the reflector's next step. */
export type Verdict =
  /** Not allowed: reported, tried again every few minutes. */
  | 'denied'
  /** The server has no such resource: reported, tried again every few minutes. */
  | 'absent'
  /** Also with credentials that were just read again: reported, tried again with back-off. */
  | 'unauthorized'
  /** The version we hold has left the server's history: list again with the newest version. */
  | 'expired'
  /** The server does not know the version we asked for yet: list again with the newest version. */
  | 'too-new'
  /** The request itself is refused: a watch-list falls back to lists. */
  | 'refused'
  /** Anything else, overload and broken connections too: back off and go on where we were. */
  | 'transient'

export function judge(error: KubeError): Verdict {
  if (error.status === 410 || error.reason === 'Expired' || error.reason === 'Gone') return 'expired'
  if (/too large resource version/i.test(error.message)) return 'too-new'
  if (error.status === 401) return 'unauthorized'
  if (error.status === 403) return 'denied'
  if (error.status === 404) return 'absent'
  if (error.status === 429 || error.status === 408) return 'transient'
  return error.status >= 400 && error.status < 500 ? 'refused' : 'transient'
}
