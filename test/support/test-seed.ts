/** `BINNACLE_TEST_SEED`, or one of its own; tests print it. */
export const testSeed = (): number => Number(process.env['BINNACLE_TEST_SEED'] ?? Date.now() % 1_000_000)
