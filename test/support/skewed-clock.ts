/** Preloaded (`node --import`): this process's clock is wrong by BINNACLE_TEST_CLOCK_SKEW_MS. */
const skewMs = Number(process.env['BINNACLE_TEST_CLOCK_SKEW_MS'] ?? 0)
const now = Date.now
Date.now = () => now() + skewMs
