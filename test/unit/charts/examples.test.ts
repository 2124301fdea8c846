import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chartsFolder, hasHelm, type Manifest, manifestsIn, template } from '../../support/helm.ts'
import { schemaProblems } from '../../support/kube-schema.ts'

/**
 * Every file of `charts/CHART/examples`, rendered by Helm as it stands in `golden/CHART` (so nothing in it is random or of the
 * clock, and a GitOps tool finds no drift); and every file of `refused/CHART`,
 * which Helm refuses with the message in its first line. `npm run charts:golden` writes the golden files anew.
 */
const charts = ['binnacle-agent', 'binnacle'] as const
const filesOf = (folder: string) => (existsSync(folder) ? readdirSync(folder).sort() : [])
const comment = (file: string) => readFileSync(file, 'utf8').split('\n', 1)[0] ?? ''
const withHelm = test.skipIf(!hasHelm)

describe.each(charts)('examples of chart %s', (chart) => {
  const folder = join(chartsFolder, chart, 'examples')
  const golden = join(import.meta.dirname, 'golden', chart)
  const examples = filesOf(folder)
  const rendered = (example: string) => {
    const file = join(folder, example)
    const version = /Kubernetes (\d+\.\d+)/.exec(comment(file))?.[1] ?? '1.31'
    const apiVersions = /^# API versions: (.+)$/m.exec(readFileSync(file, 'utf8'))?.[1]?.split(' ') ?? []
    return template(chart, { files: [file], kubeVersion: `${version}.0`, apiVersions })
  }

  withHelm.for(examples)('%s renders as its golden file says', async (example) => {
    const { status, output } = rendered(example)
    expect(status, output).toBe(0)
    await expect(output).toMatchFileSnapshot(join(golden, example))
  })

  withHelm.for(examples)(
    '%s is valid by the schemas of Kubernetes and of the kinds it adds to it',
    async (example) => {
      const manifests = manifestsIn(rendered(example).output)
      expect((await Promise.all(manifests.map(schemaProblems))).flat()).toEqual([])
    },
  )

  test('no golden file is left of an example that is gone', () => {
    expect(filesOf(golden)).toEqual(examples)
  })

  withHelm.for(examples)('the pods of %s meet the Pod Security Standard "restricted"', (example) => {
    const pods = manifestsIn(rendered(example).output).flatMap(podsOf)
    expect(pods.length).toBeGreaterThan(0)
    for (const pod of pods) {
      expect(pod['securityContext']).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      })
      for (const forbidden of ['hostNetwork', 'hostPID', 'hostIPC']) expect(pod).not.toHaveProperty(forbidden)
      const volumes = (pod['volumes'] ?? []) as object[]
      expect(volumes.filter((volume) => 'hostPath' in volume)).toEqual([])
      for (const container of containersOf(pod)) {
        expect(container.securityContext).toMatchObject({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
        expect(container.resources.limits).not.toHaveProperty('cpu')
        expect(container.resources.limits).toHaveProperty('memory')
      }
    }
  })

  withHelm.for(examples)(
    '%s grants no right to everything, and none to run or read what is secret',
    (example) => {
      for (const { kind, rules = [] } of manifestsIn(rendered(example).output)) {
        for (const { apiGroups, resources, resourceNames = [], verbs } of rules) {
          expect([...apiGroups, ...resources, ...verbs]).not.toContain('*')
          for (const never of ['pods/exec', 'pods/attach', 'nodes/proxy', 'serviceaccounts/token'])
            expect(resources).not.toContain(never)
          // A Secret by its name, and ConfigMaps in one's own namespace alone.
          if (resources.includes('secrets')) {
            expect(resourceNames).toHaveLength(1)
            expect(verbs).not.toContain('list')
          }
          if (kind === 'ClusterRole') expect(resources).not.toContain('configmaps')
        }
      }
    },
  )

  const refused = join(import.meta.dirname, 'refused', chart)
  withHelm.for(filesOf(refused))('%s is refused with its message', (name) => {
    const file = join(refused, name)
    const { status, output } = template(chart, { files: [file] })
    expect(status, `${basename(file)} was rendered`).not.toBe(0)
    expect(output).toContain(comment(file).replace(/^# /, ''))
  })
})

type Pod = Readonly<Record<string, unknown>>

/** Of a workload, a job of any kind, or itself one. */
function podsOf({ kind, spec }: Manifest): Pod[] {
  if (kind === 'Pod') return [spec as Pod]
  const job = spec?.['jobTemplate'] as { readonly spec: Manifest['spec'] } | undefined
  const template = (job?.spec ?? spec)?.template
  return template ? [template.spec as unknown as Pod] : []
}

function containersOf(pod: Pod) {
  const all = [pod['initContainers'], pod['containers']].flatMap((list) => (list ?? []) as object[])
  return all as { readonly securityContext: object; readonly resources: { readonly limits: object } }[]
}
