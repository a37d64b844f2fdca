/**
 * What was probably meant.
 *
 * @returns the candidate that differs least from `text`; undefined if none is near
 */
export function suggest(text: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(text.length / 3)) + 1;
  for (const candidate of candidates) {
    const isPrefix = text.length > 1 && candidate.startsWith(text);
    const away = isPrefix ? 1 : distance(text, candidate);
    if (away >= bestDistance) continue;
    best = candidate;
    bestDistance = away;
  }
  return best;
}

/** How many letters have to be added, removed, replaced, or swapped with the next one. */
function distance(one: string, other: string): number {
  const rows = [Array.from({ length: other.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= one.length; row++) {
    const line = [row];
    for (let column = 1; column <= other.length; column++) {
      const above = rows[row - 1]!;
      const isSame = one[row - 1] === other[column - 1];
      let least = Math.min(above[column]!, line[column - 1]!) + 1;
      least = Math.min(least, above[column - 1]! + (isSame ? 0 : 1));
      const isSwap = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      if (row > 1 && column > 1 && isSwap) least = Math.min(least, rows[row - 2]![column - 2]! + 1);
      line.push(least);
    }
    rows.push(line);
  }
  return rows[one.length]![other.length]!;
}
