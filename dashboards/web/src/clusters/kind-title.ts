const titles: Readonly<Record<string, string>> = {
  CronJob: 'Cron jobs',
  DaemonSet: 'Daemon sets',
  EndpointSlice: 'Endpoint slices',
  HorizontalPodAutoscaler: 'Autoscalers',
  LimitRange: 'Limit ranges',
  PersistentVolumeClaim: 'Claims',
  ReplicaSet: 'Replica sets',
  ResourceQuota: 'Quotas',
  StatefulSet: 'Stateful sets',
}

/** What objects of a kind are called here. */
export function kindTitle(kind: string): string {
  return titles[kind] ?? `${kind}s`
}
