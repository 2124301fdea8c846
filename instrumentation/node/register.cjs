/*
 * `--require .../register.cjs`. Every `node` that inherits NODE_OPTIONS runs this file: the application, its worker threads
 * and child processes, package managers, and versions of Node from ten years ago. So it is in ECMAScript 5, decides quickly
 * whether there is anything to do, and never throws. Whatever happens, the application runs.
 */
'use strict';
(function () {
  var environment = process.env;

  /* The tools that start applications, not the applications: their requests are not traced, and they start faster. */
  var tools = /(^|[\\/])(npm|npx|npm-cli|npx-cli|(pnpm|pnpx|yarn|yarnpkg|corepack|node-gyp)(-\d[\w.-]*?)?)(\.[cm]?js)?$/;

  function isOff(name) {
    var value = environment[name];
    return value === undefined || /^\s*(none)?\s*$/.test(value);
  }

  function isWanted() {
    if (/^\s*true\s*$/i.test(environment.OTEL_SDK_DISABLED || '')) return false;
    if (process.versions.bun || process.versions.deno) return false;
    if (tools.test(process.argv[1] || '')) return false;
    var noTraces = /^\s*none\s*$/.test(environment.OTEL_TRACES_EXPORTER || '');
    return !(noTraces && isOff('OTEL_METRICS_EXPORTER') && isOff('OTEL_LOGS_EXPORTER'));
  }

  /* What the OpenTelemetry packages need. */
  function isSupported() {
    var version = /^(\d+)\.(\d+)/.exec(process.versions.node || '');
    return Boolean(version) && (+version[1] > 22 || (+version[1] === 22 && +version[2] >= 15));
  }

  function say(text) {
    try {
      process.stderr.write('binnacle instrumentation: ' + text + '\n');
    } catch (nobodyReads) {
      /* Nothing more can be said. */
    }
  }

  try {
    if (!isWanted()) return;
    if (isSupported()) {
      require('./hooks.cjs').install();
    } else if (environment.OTEL_LOG_LEVEL || process.pid === 1 || process.ppid === 1) {
      /* Only the first process of a container says so: others may be read by programs. */
      say('Node ' + process.versions.node + ' is too old, 22.15 is needed: the application runs without instrumentation');
    }
  } catch (error) {
    say('the application runs without instrumentation: ' + (error && error.message ? error.message : error));
  }
})();
