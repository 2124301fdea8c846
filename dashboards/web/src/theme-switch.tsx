import { applyThemeChoice, useTheme } from './parts/theme.ts'

export function ThemeSwitch() {
  const theme = useTheme()
  const other = theme === 'dark' ? 'light' : 'dark'
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={`Switch to the ${other} theme`}
      title={`Switch to the ${other} theme`}
      onClick={() => applyThemeChoice(other)}
    >
      {theme === 'dark' ? '☀' : '☾'}
    </button>
  )
}
