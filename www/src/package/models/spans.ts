/** Bytes of a file from `start` up to, and without, `end`. */
export interface Span {
  start: number;
  end: number;
}

/** `spans`, which are in order and apart, with one more; those that touch become one. */
export function withSpan(spans: readonly Span[], { start, end }: Span): Span[] {
  const apart = spans.filter((span) => span.end < start || span.start > end);
  const touching = spans.filter((span) => span.end >= start && span.start <= end);
  const joined = {
    start: Math.min(start, ...touching.map((span) => span.start)),
    end: Math.max(end, ...touching.map((span) => span.end)),
  };
  return [...apart, joined].sort((one, other) => one.start - other.start);
}

/** What `spans` leave out of a file of `total` bytes. */
export function gaps(spans: readonly Span[], total: number): Span[] {
  const ends = [0, ...spans.map(({ end }) => end)];
  const starts = [...spans.map(({ start }) => start), total];
  return ends.map((start, i) => ({ start, end: starts[i]! })).filter(({ start, end }) => start < end);
}

/** At least `count` spans of `missing`, the largest halved as often as that leaves `least` bytes to each; in order. */
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

/** Bytes of a span. */
export function length({ start, end }: Span): number {
  return end - start;
}
