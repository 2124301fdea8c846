import { existsSync, globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Value } from 'typebox/value'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { createKubePipeline } from '../../../collector/agent/kube-pipeline.ts'
import { createKubeClient } from '../../../collector/kube/client.ts'
import { CrashRecord, EventRecord, ObjectChange, ObjectState } from '../../../collector/record/kube.ts'
import { systemClock } from '../../../collector/std/clock.ts'
import { silentLog } from '../../../collector/std/log.ts'
import type { KubeObject } from '../../support/kube-api/objects.ts'
import { resourceKinds } from '../../support/kube-api/resources.ts'
import { startFakeKubeApi } from '../../support/kube-api/server.ts'
import { until } from '../../support/until.ts'
import { pipelineDeps } from './pipeline-deps.ts'

const data = resolve(import.meta.dirname, '../../../../shared/data/kubernetes')
const served = new Set(resourceKinds.map(({ kind }) => kind))

/** Every object of the published bundles, events of a rollout included; copies, by name or by uid, once. */
function realObjects(): KubeObject[] {
  const lists = globSync('**/*.json', { cwd: data }).flatMap((file) => {
    const list = JSON.parse(readFileSync(join(data, file), 'utf8')) as { kind: string; items?: KubeObject[] }
    return (list.items ?? []).map((item) => ({ ...item, kind: list.kind.replace(/List$/, '') }))
  })
  const documents = globSync('**/*.yaml', { cwd: data }).flatMap((file) =>
    parseAllDocuments(readFileSync(join(data, file), 'utf8')).map((one) => one.toJS() as KubeObject),
  )
  const all = [...lists, ...documents].filter((one) => one?.metadata && served.has(one.kind ?? ''))
  const named = [...new Map(all.map((one) => [idOf(one), one])).values()]
  return [...new Map(named.map((one) => [one.metadata.uid ?? idOf(one), one])).values()]
}

const idOf = ({ kind, metadata }: KubeObject) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`
const schemas = { object: ObjectState, change: ObjectChange, event: EventRecord, crash: CrashRecord }

describe.skipIf(!existsSync(data))('real objects (../shared/data/kubernetes)', () => {
  test('go through the API server and the pipeline: each is told once, as the schemas say', async () => {
    const objects = realObjects()
    const homes = new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []))
    const namespaced = objects.filter(({ metadata }) => metadata.namespace !== undefined)
    expect(namespaced.length).toBeGreaterThan(100)
    const api = await startFakeKubeApi()
    onTestFinished(() => api.close())
    for (const name of ['kube-system', ...homes]) {
      if (!api.get('Namespace', { name })) api.create('Namespace', { metadata: { name } })
    }
    for (const one of namespaced) api.create(one.kind ?? '', one)
    const client = createKubeClient({
      access: { server: api.url, tls: {}, headers: async () => ({}) },
      log: silentLog,
    })
    onTestFinished(() => client.close())
    const { deps, records } = pipelineDeps({ client, clock: systemClock })
    const pipeline = createKubePipeline(deps, {
      namespaces: { include: ['.*'], exclude: [], rancherProjects: [], default: 'off', allowed: [] },
      watch: { mode: 'cluster', namespaces: [], nodes: 'off' },
    })
    onTestFinished(() => pipeline.close())
    await pipeline.start(new AbortController().signal)
    const events = () => records.filter(({ type }) => type === 'event').length
    const wanted = namespaced.filter(({ kind }) => kind === 'Event').length
    const read = () => pipeline.status().reflectors.every(({ syncs }) => syncs > 0)
    await until(() => read() && events() >= wanted, 20_000)

    for (const { type, record } of records) expect([...Value.Errors(schemas[type], record)]).toEqual([])
    const told = records.flatMap(({ type, record }) =>
      type === 'object' && record.kind !== 'Namespace'
        ? [`${record.kind} ${record.namespace}/${record.name}`]
        : [],
    )
    expect(told.toSorted()).toEqual(
      namespaced
        // ConfigMaps are not read.
        .filter(({ kind }) => kind !== 'Event' && kind !== 'ConfigMap')
        .map(idOf)
        .toSorted(),
    )
    expect(events()).toBe(wanted)
    // Nothing of an environment, an annotation or a managed field travels.
    expect(JSON.stringify(records)).not.toMatch(/managedFields|last-applied-configuration|valueFrom/)
  })
})
