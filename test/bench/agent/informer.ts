import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually, startNode, tempDirectory } from '../../support/processes.ts'
import { cpuSecondsOf, residentBytesOf } from '../support/process-stat.ts'
import { median } from '../support/report.ts'
import { step } from '../support/say.ts'
import { startApiProcess } from './api-process.ts'
import type { ScaleConfig } from './scale.ts'

export interface InformerResult {
  readonly pods: number
  readonly firstSyncMs: number
  readonly residentMibSteady: number
  readonly residentMibMax: number
  readonly millicores: number
}

/** The official client's informers under the same load, as a measure of what mirroring costs by itself. */
export async function measureInformer(config: ScaleConfig): Promise<InformerResult> {
  const { name, size, standingEvents, load, warmSeconds, seconds } = config
  await using opened = new AsyncDisposableStack()
  const directory = tempDirectory('bench-informer')
  opened.defer(() => directory.remove())
  const api = await startApiProcess()
  opened.defer(() => api.close())
  await step(`${name}: cluster`, () => api.ask({ type: 'fill', size, standingEvents }))
  const kubeconfig = join(directory.path, 'kubeconfig')
  writeFileSync(kubeconfig, api.kubeconfig)
  const startedAtMs = Date.now()
  const informer = startNode(['test/bench/agent/naive-informer.ts', kubeconfig])
  opened.defer(async () => void (await informer.kill('SIGKILL')))
  const listed = () => (informer.output().includes('listed') ? true : undefined)
  await eventually('the informers have listed', listed, { withinMs: 180_000, hint: informer.output })
  const firstSyncMs = Date.now() - startedAtMs
  await api.ask({ type: 'load', load })
  await sleep(warmSeconds * 1000)
  const cpuBefore = cpuSecondsOf(informer.pid)
  const startedAt = performance.now()
  const residentMib: number[] = []
  while (performance.now() - startedAt < seconds * 1000) {
    await sleep(500)
    residentMib.push(residentBytesOf(informer.pid).now / 1024 ** 2)
  }
  const tookSeconds = (performance.now() - startedAt) / 1000
  return {
    pods: size.pods,
    firstSyncMs,
    residentMibSteady: median(residentMib),
    residentMibMax: residentBytesOf(informer.pid).max / 1024 ** 2,
    millicores: ((cpuSecondsOf(informer.pid) - cpuBefore) / tookSeconds) * 1000,
  }
}
