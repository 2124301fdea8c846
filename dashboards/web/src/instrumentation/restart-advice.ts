/** How somebody makes the pods of a workload anew: Binnacle never does. */
export interface RestartAdvice {
  /** '': there is no command for it. */
  readonly command: string
  readonly words: string
}

const rolloutKinds: Readonly<Record<string, string>> = {
  Deployment: 'deployment',
  StatefulSet: 'statefulset',
  DaemonSet: 'daemonset',
}

export function restartAdvice({
  kind,
  namespace,
  name,
}: {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}): RestartAdvice {
  const rollout = rolloutKinds[kind]
  if (rollout)
    return {
      command: `kubectl -n ${namespace} rollout restart ${rollout}/${name}`,
      words: `In Rancher: Workloads, ${kind}s, ${name}, then Redeploy of its menu. Pods are replaced one by one.`,
    }
  if (kind === 'Rollout')
    return {
      command: `kubectl argo rollouts restart ${name} -n ${namespace}`,
      words: 'Or Restart in the dashboard of Argo Rollouts.',
    }
  if (kind === 'ReplicaSet')
    return { command: '', words: 'Delete its pods one by one: the ReplicaSet makes them anew.' }
  if (kind === 'Job' || kind === 'CronJob')
    return { command: '', words: 'Nothing to do: the pods of the next run are made anew.' }
  if (kind === 'Pod')
    return { command: '', words: 'No controller makes it anew: delete the pod and create it again.' }
  return { command: '', words: `Restart it as ${kind}s are restarted, so that its pods are made anew.` }
}
