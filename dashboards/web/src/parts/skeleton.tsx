/** Holds the place of what is on its way, so that nothing jumps. */
export function Skeleton({ height }: { readonly height: number }) {
  return <div className="skeleton" style={{ height }} role="status" aria-label="Loading" />
}
