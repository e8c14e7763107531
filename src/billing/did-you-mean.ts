/** `, did you mean x?` where one of the known words is a slip or two away; else nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  let nearest: string | null = null
  let least = Math.min(3, Math.floor(word.length / 2) + 1)
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < least) {
      least = distance
      nearest = candidate
    }
  }
  return nearest === null ? '' : ` (did you mean ${nearest}?)`
}

/** How many letters have to be put in, taken out or changed (Levenshtein), row by row. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]!
}
