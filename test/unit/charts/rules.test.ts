import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { namespacedResources } from '../../../collector/record/kube-api.ts'

const templates = resolve(import.meta.dirname, '../../../charts/binnacle-agent/templates')

/** Of the template's text, so that it needs no Helm: the rights in a selected namespace, without the optional ones. */
test('the chart asks for what the agent watches, and for nothing else', () => {
  const text = readFileSync(`${templates}/_helpers.tpl`, 'utf8')
  const [, rules = ''] = /define "binnacle-agent.rules" -}}\n([\s\S]*?)\{\{- if/.exec(text) ?? []
  const granted = [
    ...rules.matchAll(/apiGroups: \[(.*)\]\n\s+resources: \[(.*)\]\n\s+verbs: \[(.*)\]/g),
  ].flatMap(([, group = '', resources = '', verbs = '']) =>
    resources.split(', ').map((resource) => `${group.replaceAll('"', '')}/${resource} ${verbs}`),
  )
  expect(granted.sort()).toEqual(
    namespacedResources.map(({ group, plural }) => `${group}/${plural} list, watch`).sort(),
  )
})
