import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseAgentConfig } from '../../../collector/agent/config.ts'
import { createLastKnownGood } from '../../../collector/agent/control/last-known-good.ts'
import { createSettings, type InForce } from '../../../collector/agent/settings.ts'
import { systemDisk } from '../../../collector/agent/spool/disk.ts'
import { silentLog } from '../../../collector/std/log.ts'

const valuesOf = (overrides: Record<string, unknown> = {}) => parseAgentConfig({ overrides })

function start(overrides: Record<string, unknown> = {}) {
  const settings = createSettings(valuesOf(overrides))
  const heard: InForce[] = []
  settings.subscribe((now) => heard.push(now))
  let offers = 0
  const offer = (config: unknown) => settings.offer({ hash: String(++offers), body: JSON.stringify(config) })
  return { settings, heard, offer }
}

describe('an offer of the service', () => {
  test('is taken whole: what it says wins over the values, the rest stays', () => {
    const { settings, heard, offer } = start({ 'scrape.intervalMs': 60_000 })
    const config = { namespaces: { include: ['shop'] }, scrape: { enabled: false }, log: { level: 'debug' } }
    expect(offer(config)).toEqual({ status: 'applied', hash: '1', error: '' })
    expect(heard).toHaveLength(1)
    expect(settings.current()).toMatchObject({
      config: { scrape: { enabled: false, intervalMs: 60_000 }, log: { level: 'debug' } },
      remoteScope: { include: ['shop'], exclude: [] },
    })
    offer({})
    expect(settings.current().config).toEqual(valuesOf({ 'scrape.intervalMs': 60_000 }))
  })

  test.each<[string, unknown, string]>([
    ['a bad value', { log: { level: 'loud' } }, 'log.level'],
    ['an unknown key', { scrape: { often: true } }, 'unknown key scrape.often'],
    ['a bad pattern', { namespaces: { exclude: ['a', '('] } }, 'remote namespaces.exclude[1] "("'],
    ['what only the values may say', { namespaces: { allowed: [] } }, 'cannot take namespaces.allowed'],
    ['what needs a restart', { receive: { httpPort: 1 } }, 'cannot take receive.httpPort'],
    ['no map', [1], 'it is no map of groups of keys'],
    ['no JSON map of maps', { log: 'debug' }, 'it is no map of groups of keys'],
  ])('%s is refused as a whole, and what was there stays', (_, bad, reason) => {
    const { settings, heard, offer } = start()
    offer({ log: { level: 'debug' } })
    const before = settings.current()
    const outcome = offer({ scrape: { enabled: false }, ...(bad as object) })
    expect(outcome).toMatchObject({ status: 'failed', hash: '2', error: expect.stringContaining(reason) })
    expect(settings.current()).toBe(before)
    expect(heard).toHaveLength(1)
  })

  test('what the values do not let be set is refused', () => {
    const { offer } = start({ 'control.settable': ['namespaces.include'] })
    expect(offer({ namespaces: { include: ['shop'] } }).status).toBe('applied')
    expect(offer({ log: { level: 'debug' } })).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('control.settable of the Helm values does not list it'),
    })
  })
})

describe('values that change', () => {
  test('count at once where they can, and are named where they need a restart', () => {
    const { settings, heard } = start()
    settings.setValues(
      valuesOf({
        ...{ mode: 'state', 'namespaces.include': ['shop'] },
        ...{ 'receive.httpPort': 9_999, 'ship.drainMs': 1 },
      }),
    )
    expect(settings.current().config.namespaces.include).toEqual(['shop'])
    expect(settings.current().config).toMatchObject({ mode: 'full', receive: { httpPort: 4318 } })
    expect(settings.needsRestart()).toEqual(['mode', 'receive.httpPort', 'ship.drainMs'])
    expect(heard).toHaveLength(1)
    settings.setValues(valuesOf())
    expect(settings.needsRestart()).toEqual([])
  })

  test('that cannot be used change nothing', () => {
    const { settings, heard } = start()
    settings.setValues('unknown key x')
    expect([settings.valuesProblem(), heard.length]).toEqual(['unknown key x', 0])
    settings.setValues(valuesOf())
    expect(settings.valuesProblem()).toBe('')
  })

  test('stand under an offer, and take it back where they forbid it now', () => {
    const { settings, offer } = start()
    offer({ log: { level: 'debug' } })
    settings.setValues(valuesOf({ 'log.level': 'warn' }))
    expect(settings.current().config.log.level).toBe('debug')
    settings.setValues(valuesOf({ 'log.level': 'warn', 'control.settable': [] }))
    expect(settings.current().config.log.level).toBe('warn')
    expect(settings.remoteStatus()).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('control.settable of the Helm values does not list it'),
    })
    settings.setValues(valuesOf())
    expect(settings.remoteStatus()).toMatchObject({ status: 'applied', error: '' })
    expect(settings.current().config.log.level).toBe('debug')
  })
})

test('an offer that cannot be read stays refused when the values are read again', () => {
  const { settings } = start()
  settings.offer({ hash: '1', body: '{' })
  settings.setValues(valuesOf())
  expect(settings.remoteStatus()?.status).toBe('failed')
})

describe('the last known good', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'binnacle-known-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))
  const open = () => createLastKnownGood({ disk: systemDisk, log: silentLog }, { directory })

  test('is what was saved last', async () => {
    expect(await open().load()).toBeUndefined()
    await open().save({ hash: '1', body: '{}' })
    await open().save({ hash: '2', body: '{"log":{"level":"debug"}}' })
    expect(await open().load()).toEqual({ hash: '2', body: '{"log":{"level":"debug"}}' })
  })

  test.each([
    ['cut off', (text: string) => text.slice(0, -5)],
    ['changed', (text: string) => text.replace('debug', 'trace')],
    ['of another form', () => '{"hash":1}'],
  ])('that is %s is none', async (_, damage) => {
    await open().save({ hash: '2', body: '{"log":{"level":"debug"}}' })
    const path = join(directory, 'remote-config.json')
    writeFileSync(path, damage((await systemDisk.readFile(path))?.toString() ?? ''))
    expect(await open().load()).toBeUndefined()
  })
})
