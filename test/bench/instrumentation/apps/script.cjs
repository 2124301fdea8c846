// A child process that loads nothing of interest, as package managers and build steps start them by the dozen.
require('node:path')
