import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { ApiProblem, toApiError } from './api/errors.ts'

/** Paths that programs ask for: an unknown one among them is a JSON error, never the page. */
const machinePaths = /^\/(api|v1|metrics|livez|readyz|openapi\.json)(\/|$|\?)/
/** Assets, and files of the top level such as favicon.ico: names of pods and services have dots too. */
const filePaths = /^\/(assets\/|[^/?]*\.\w+($|\?))/

/**
 * Serves the built web UI. Assets carry a hash in their name and are kept for a year; index.html is asked for anew each
 * time and stands in for every path of the UI, so that a view's address can be opened directly.
 */
export async function registerWebUi(app: FastifyInstance, directory: string): Promise<void> {
  const built = existsSync(join(directory, 'index.html'))
  if (built) {
    await app.register(fastifyStatic, {
      root: directory,
      index: false,
      cacheControl: false,
      setHeaders: (reply, path) => {
        const hashed = path.includes('/assets/')
        reply.header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache')
      },
    })
  }
  app.setNotFoundHandler((request, reply) => {
    const isPage = request.method === 'GET' && !machinePaths.test(request.url) && !filePaths.test(request.url)
    if (!isPage) return sendUnknownPath(reply, request.method, request.url)
    if (built) return reply.header('cache-control', 'no-cache').sendFile('index.html')
    return reply
      .code(503)
      .header('cache-control', 'no-store')
      .type('text/html; charset=utf-8')
      .send(notBuiltPage)
  })
  app.get('/', (_request, reply) => reply.callNotFound())
}

function sendUnknownPath(reply: FastifyReply, method: string, url: string): FastifyReply {
  const path = url.split('?')[0]?.slice(0, 200)
  const problem = new ApiProblem(
    'unknown-path',
    `cannot ${method} ${path}: there is no such path; see /openapi.json`,
  )
  return reply.code(404).send(toApiError(problem))
}

const notBuiltPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Binnacle</title>
<body style="font: 15px/1.6 system-ui; max-width: 40em; margin: 4em auto; padding: 0 1em">
<h1>The web UI is not built</h1>
<p>The service runs and its API answers at <a href="/api/v1/about">/api/v1/about</a>, but this installation has no built UI.</p>
<p>In a source checkout, run <code>npm run build</code> and start the service again (<code>npm start</code> does both).</p>
</body>
</html>
`
