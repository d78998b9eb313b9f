/** Bytes of a file from `start` up to, but not including, `end`. */
export interface Span {
  start: number;
  end: number;
}

/** Adds a span to sorted, disjoint `spans`, and joins those that touch. */
export function withSpan(spans: readonly Span[], { start, end }: Span): Span[] {
  const apart = spans.filter((span) => span.end < start || span.start > end);
  const touching = spans.filter((span) => span.end >= start && span.start <= end);
  const joined = {
    start: Math.min(start, ...touching.map((span) => span.start)),
    end: Math.max(end, ...touching.map((span) => span.end)),
  };
  return [...apart, joined].sort((one, other) => one.start - other.start);
}

/** The gaps between `spans` in a file of `total` bytes. */
export function gaps(spans: readonly Span[], total: number): Span[] {
  const ends = [0, ...spans.map(({ end }) => end)];
  const starts = [...spans.map(({ start }) => start), total];
  return ends.map((start, i) => ({ start, end: starts[i]! })).filter(({ start, end }) => start < end);
}

/** Splits `missing` into about `count` spans: halves the largest while both halves have at least `least` bytes. Sorted. */
export function shared(missing: readonly Span[], count: number, least: number): Span[] {
  const shares = [...missing];
  while (shares.length < count) {
    const largest = shares.reduce((one, other) => (length(other) > length(one) ? other : one), { start: 0, end: 0 });
    if (length(largest) < 2 * least) break;
    const middle = largest.start + Math.floor(length(largest) / 2);
    shares.splice(shares.indexOf(largest), 1, { start: largest.start, end: middle }, { start: middle, end: largest.end });
  }
  return shares.sort((one, other) => one.start - other.start);
}

/** Length of a span in bytes. */
export function length({ start, end }: Span): number {
  return end - start;
}
