import { answerFailure, answerJson } from './answer.ts'
import type { Context, Exchange } from './context.ts'
import { discovery } from './discovery.ts'
import { type Access, isForbidden } from './faults.ts'
import { getOne, list } from './list.ts'
import { isMetricsPath, metrics } from './metrics.ts'
import { podLog } from './pod-log.ts'
import { targetOf, verbOf } from './target.ts'
import { watch } from './watch.ts'
import { readBody, write } from './write.ts'

/** One request: credentials, faults, then what the path asks for. */
export async function serve(context: Context, exchange: Exchange): Promise<void> {
  const { faults } = context
  const { request, response, url } = exchange
  const { pathname } = url
  if (faults.clockSkewMs !== 0) response.setHeader('date', new Date(context.nowMs()).toUTCString())
  if (['/readyz', '/livez', '/healthz'].includes(pathname)) return void response.end('ok')
  if (faults.token !== undefined && request.headers.authorization !== `Bearer ${faults.token}`) {
    return answerFailure(response, { code: 401, message: 'Unauthorized' })
  }
  if (failByFault(context, exchange)) return
  const known = request.method === 'GET' ? discovery(pathname) : undefined
  if (known) return answerJson(exchange, 200, known)
  if (pathname === '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews') return review(context, exchange)
  const client = (request.headers['user-agent'] ?? '').split('/', 1)[0] ?? ''
  if (isMetricsPath(pathname)) {
    const namespace = /\/namespaces\/([^/]+)/.exec(pathname)?.[1] ?? ''
    const resource = pathname.includes('/nodes') ? 'nodes' : 'pods'
    const access = { verb: 'list', group: 'metrics.k8s.io', resource, namespace, name: '', client }
    if (refuse(context, exchange, access)) return
    return metrics(context, exchange)
  }
  const target = targetOf(pathname)
  if (!target) {
    return answerFailure(response, { code: 404, message: 'the server could not find the requested resource' })
  }
  const verb = verbOf(request.method, target, url.searchParams)
  const { namespace, kind, subresource } = target
  const resource = subresource ? `${kind.plural}/${subresource}` : kind.plural
  const access = { verb, group: kind.group, resource, namespace, name: target.name ?? '', client }
  if (refuse(context, exchange, access)) return
  if (subresource === 'log') return podLog(context, target, exchange)
  switch (verb) {
    case 'get':
      return getOne(context, target, exchange)
    case 'list':
      return list(context, target, exchange)
    case 'watch':
      return watch(context, target, exchange)
    default:
      return write(context, target, exchange)
  }
}

function failByFault({ failures }: Context, { request, response }: Exchange): boolean {
  const failure = failures.find(
    ({ match, times }) => times > 0 && match.test(`${request.method} ${request.url}`),
  )
  if (!failure) return false
  failure.times--
  if (failure.retryAfterSeconds !== undefined)
    response.setHeader('retry-after', String(failure.retryAfterSeconds))
  if (failure.status === undefined) return true
  answerFailure(response, { code: failure.status, message: `fault ${failure.status}` })
  return true
}

function refuse({ accesses, forbidden }: Context, { response }: Exchange, access: Access): boolean {
  accesses.set(JSON.stringify(access), access)
  const { verb, group, namespace } = access
  const resource = group === 'metrics.k8s.io' ? `${access.resource}.${group}` : access.resource
  if (!isForbidden(forbidden, { verb, resource, namespace })) return false
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope'
  const message = `${resource} is forbidden: User "fake" cannot ${verb} resource "${resource}" ${where}`
  answerFailure(response, { code: 403, message })
  return true
}

/** SelfSubjectAccessReview: what `forbid` does not forbid is allowed. */
async function review({ forbidden }: Context, exchange: Exchange): Promise<void> {
  const body = await readBody(exchange.request)
  const spec = (body instanceof Error ? undefined : body?.['spec']) as
    | { resourceAttributes?: { verb?: string; resource?: string; subresource?: string; namespace?: string } }
    | undefined
  const { verb = '', resource: plural = '', subresource, namespace = '' } = spec?.resourceAttributes ?? {}
  const resource = subresource ? `${plural}/${subresource}` : plural
  answerJson(exchange, 201, {
    kind: 'SelfSubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: {},
    spec,
    status: { allowed: !isForbidden(forbidden, { verb, resource, namespace }) },
  })
}
