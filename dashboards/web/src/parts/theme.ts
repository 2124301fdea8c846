import { useSyncExternalStore } from 'react'

export type Theme = 'light' | 'dark'
export type ThemeChoice = Theme | 'system'

const key = 'binnacle.theme'
const dark = () => window.matchMedia('(prefers-color-scheme: dark)')

export function readThemeChoice(): ThemeChoice {
  const stored = localStorage.getItem(key)
  return stored === 'light' || stored === 'dark' ? stored : 'system'
}

export function applyThemeChoice(choice: ThemeChoice): void {
  if (choice === 'system') localStorage.removeItem(key)
  else localStorage.setItem(key, choice)
  document.documentElement.dataset['theme'] =
    choice === 'system' ? (dark().matches ? 'dark' : 'light') : choice
}

/** Sets the theme and follows the system's while none is chosen. */
export function startTheme(): void {
  applyThemeChoice(readThemeChoice())
  dark().addEventListener('change', () => applyThemeChoice(readThemeChoice()))
}

/** The theme that is shown, for what CSS cannot colour. */
export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, () =>
    document.documentElement.dataset['theme'] === 'dark' ? 'dark' : 'light',
  )
}

function subscribe(changed: () => void): () => void {
  const observer = new MutationObserver(changed)
  observer.observe(document.documentElement, { attributeFilter: ['data-theme'] })
  return () => observer.disconnect()
}
