// Asks by `fetch` alone, in a worker thread and in a child process, of an address that refuses.
const { fork } = require('node:child_process')
const { Worker, isMainThread } = require('node:worker_threads')

if (process.argv[2] === 'child' || !isMainThread) {
  const where = isMainThread ? 'child' : 'worker'
  fetch(`http://127.0.0.1:${process.env.PORT}/${where}`).catch(() => process.stdout.write(`${where}\n`))
} else {
  new Worker(__filename).once('exit', () => fork(__filename, ['child']))
}
