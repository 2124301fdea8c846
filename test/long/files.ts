/** `npm test` leaves them to `npm run test:long`. */
export const longTests = [
  'test/unit/rollup/rollup.test.ts',
  'test/unit/rollup/reads.test.ts',
  'test/unit/rollup/transactions.test.ts',
  'test/property/rollup.test.ts',
  'test/unit/store/cluster.test.ts',
  'test/e2e/image.test.ts',
  'test/unit/grafana/dashboards.test.ts',
  'test/unit/simulated-cluster/program.test.ts',
]
