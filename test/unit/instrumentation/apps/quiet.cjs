// Loads nothing that is instrumented, and says which files of the instrumentation are in memory.
const path = require('node:path')
path.join('a', 'b')
const files = Object.keys(require('node:module')._cache).filter((file) => file.includes('/instrumentation/dist/'))
process.stdout.write(`${files.map((file) => path.basename(file)).join(' ')}\n`)
