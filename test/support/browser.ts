import { accessSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const candidates = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

/** Where a Chromium is installed, or undefined: browser tests are then skipped by name. */
export const chromiumPath = candidates.find((path) => {
  try {
    if (path) accessSync(path)
    return Boolean(path)
  } catch {
    return false
  }
})

export function launchBrowser(): Promise<Browser> {
  if (!chromiumPath) throw new Error('no Chromium is installed')
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
