const factors: Readonly<Record<string, number>> = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

/** As collector/record/quantity.ts, which nothing here may import. A Kubernetes quantity (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/); undefined: it is none. */
export function bytesOf(quantity: string | number): number | undefined {
  const [, digits, unit = ''] = /^([\d.]+(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(String(quantity)) ?? []
  const factor = factors[unit]
  const bytes = digits === undefined || factor === undefined ? Number.NaN : Number(digits) * factor
  return Number.isFinite(bytes) ? bytes : undefined
}
