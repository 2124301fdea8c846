const caches = new Set([
  'redis',
  'valkey',
  'memcached',
  'hazelcast',
  'infinispan',
  'ehcache',
  'aws.elasticache',
])

/** Of the values of `db.system.name` and `db.system`: a store of keys whose number of database means nothing. */
export const isCache = (dbSystem: string): boolean => caches.has(dbSystem)
