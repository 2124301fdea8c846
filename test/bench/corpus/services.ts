import type { Random } from './random.ts'

/** The simulated installation: twenty services in three namespaces, three pods each. */
export interface Service {
  readonly name: string
  readonly namespace: string
  readonly version: string
  readonly language: string
  readonly routes: readonly string[]
  readonly database: 'postgresql' | 'mysql' | 'redis' | 'mongodb'
  readonly tables: readonly string[]
}

const names = [
  'gateway',
  'cart',
  'checkout',
  'catalogue',
  'search',
  'pricing',
  'inventory',
  'payment',
  'ledger',
  'shipping',
  'tracking',
  'accounts',
  'sessions',
  'profiles',
  'recommendations',
  'reviews',
  'notifications',
  'mail',
  'media',
  'audit',
]
const databases = ['postgresql', 'mysql', 'redis', 'mongodb'] as const
const languages = ['java', 'nodejs', 'go', 'python', 'dotnet']

export const services: readonly Service[] = names.map((name, index) => ({
  name,
  namespace: ['shop', 'payments', 'platform'][index % 3] ?? '',
  version: `1.${index % 7}.${(index * 5) % 11}`,
  language: languages[index % languages.length] ?? '',
  routes: ['', '/{id}', '/{id}/items', '/search', '/batch', '/{id}/history'].map(
    (path) => `/api/${name}${path}`,
  ),
  database: databases[index % databases.length] ?? 'postgresql',
  tables: [name, `${name}_items`, `${name}_events`],
}))

export function podOf(service: Service, replica: number): string {
  return `${service.name}-7c9d5b6f4-${['x2k4q', 'm8wzt', 'p5vrl'][replica % 3]}`
}

/** The gateway, which roots every trace, and seven others. */
export function pickServices(random: Random): Service[] {
  const others = services.slice(1)
  const picked = services.slice(0, 1)
  while (picked.length < 8) picked.push(...others.splice(random.below(others.length), 1))
  return picked
}
