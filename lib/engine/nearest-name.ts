/** Edits (insert, delete, replace, swap of neighbours) that turn `from` into `to`. */
function editDistance(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let edits = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) edits = Math.min(edits, (beforePrevious[column - 2] ?? 0) + 1);
      current.push(edits);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[to.length] ?? 0;
}

/** The known name that `got` most likely meant: at most a third of its characters (at least 2) differ. Undefined when none is near. */
export function nearestName(got: string, known: readonly string[]): string | undefined {
  const allowedEdits = Math.max(2, Math.floor(got.length / 3));
  let best: { name: string; edits: number } | undefined;
  for (const name of known) {
    if (Math.abs(name.length - got.length) > allowedEdits) continue;
    const edits = editDistance(got, name);
    if (edits <= allowedEdits && (best === undefined || edits < best.edits)) best = { name, edits };
  }
  return best?.name;
}
