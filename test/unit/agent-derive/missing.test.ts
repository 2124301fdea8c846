import { expect, test } from 'vitest'
import { type Missing, mergeMissing, missingIn } from '../../../collector/agent/derive/missing.ts'

test.each<[string, Missing]>([
  ['secret "tls" not found', { 'missing-secret': ['tls'] }],
  ['configmap "settings" not found', { 'missing-config-map': ['settings'] }],
  [
    'MountVolume.SetUp failed for volume "cert" : secret "web-tls" not found',
    { 'missing-secret': ['web-tls'] },
  ],
  [
    'MountVolume.SetUp failed for volume "all" : [configmap "a" not found, secret "b" not found, secret "b" not found]',
    { 'missing-config-map': ['a'], 'missing-secret': ['b'] },
  ],
  ["couldn't find key PASSWORD in Secret shop/database", { 'missing-secret': ['database (key PASSWORD)'] }],
  ["couldn't find key mode in ConfigMap shop/web.conf", { 'missing-config-map': ['web.conf (key mode)'] }],
  [
    'MountVolume.SetUp failed for volume "cert" : references non-existent secret key: tls.crt',
    { 'missing-secret': ['volume cert (key tls.crt)'] },
  ],
  [
    'MountVolume.SetUp failed for volume "conf" : references non-existent config key: app.yaml',
    { 'missing-config-map': ['volume conf (key app.yaml)'] },
  ],
  [
    'Unable to retrieve some image pull secrets (regcred, other); attempting to pull the image may not succeed.',
    { 'missing-secret': ['regcred', 'other'] },
  ],
  [
    '0/3 nodes are available: persistentvolumeclaim "data" not found. preemption: 0/3 nodes are available',
    { 'missing-claim': ['data'] },
  ],
  // Something else is wrong: nothing is missing.
  ['MountVolume.SetUp failed for volume "data" : mount failed: exit status 32', {}],
  ['0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.', {}],
  ['secrets "tls" is forbidden: User "system:node:a" cannot get resource', {}],
  ['node "a" not found', {}],
  ['the image "secret" not found', {}],
  ['', {}],
])('%s', (message, want) => {
  expect(missingIn(message)).toEqual(want)
})

test('what is said twice is one thing', () => {
  expect(
    mergeMissing({ 'missing-secret': ['a'] }, { 'missing-secret': ['b', 'a'], 'missing-claim': ['c'] }, {}),
  ).toEqual({ 'missing-secret': ['a', 'b'], 'missing-claim': ['c'] })
})
