import { useSearchParams, useSetSearch } from '../url-state.ts'

/** The row that is open beside its list, in the URL as the texts that name it; a malformed one opens nothing. */
export function useOpenRow(): {
  readonly open: readonly string[] | undefined
  readonly openKey: string | undefined
  readonly setOpen: (key: readonly string[] | undefined) => void
} {
  const openKey = useSearchParams()['open']
  const setSearch = useSetSearch()
  return {
    open: parseKey(openKey),
    openKey,
    setOpen: (key) => setSearch({ open: key && keyText(key) }),
  }
}

export const keyText = (key: readonly string[]): string => JSON.stringify(key)

function parseKey(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined
  try {
    const key: unknown = JSON.parse(text)
    return Array.isArray(key) && key.every((one) => typeof one === 'string') ? key : undefined
  } catch {
    return undefined
  }
}

/** Whether a text that a person types is in any of these. */
export function matchesText(text: string | undefined, values: readonly string[]): boolean {
  const wanted = (text ?? '').trim().toLowerCase()
  return wanted === '' || values.some((value) => value.toLowerCase().includes(wanted))
}
