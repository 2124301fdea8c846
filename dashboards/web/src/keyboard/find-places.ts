export interface Place {
  readonly name: string
  /** What kind of thing it is, such as "Cluster". */
  readonly kind: string
  readonly href: string
}

const shownMax = 12

/** Places whose name or kind holds every word: names that begin with the text first, shorter ones before longer ones. */
export function findPlaces(all: readonly Place[], text: string): readonly Place[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  if (words.length === 0) return all.slice(0, shownMax)
  const first = words[0] ?? ''
  return all
    .map((place) => ({ place, name: place.name.toLowerCase() }))
    .filter(({ place, name }) => words.every((word) => `${place.kind.toLowerCase()} ${name}`.includes(word)))
    .sort(
      (a, b) =>
        Number(b.name.startsWith(first)) - Number(a.name.startsWith(first)) || a.name.length - b.name.length,
    )
    .slice(0, shownMax)
    .map(({ place }) => place)
}
