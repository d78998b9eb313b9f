/** How sure a ratio of two medians is. Independent of the page. */

/** Measurements that both need: with fewer, samples of them say too little. */
const FEWEST = 6;
/** A stranger's card may have thousands. The engine gives no interval for more than these, either. */
const MOST = 100;
const SAMPLES = 2000;

/**
 * The interval of 95 % of median(values) ÷ median(reference), by the percentiles of a bootstrap (Efron 1979,
 * doi:10.1214/aos/1176344552): both are drawn again from their own values, with the same draws for the same values. Null if there are
 * too few, or if one of them is not above 0.
 */
export function ratioInterval(values: readonly number[], reference: readonly number[]): [low: number, high: number] | null {
  const unfit = (all: readonly number[]) => all.length < FEWEST || all.length > MOST || all.some((value) => !(value > 0));
  if (unfit(values) || unfit(reference)) return null;
  // The same draws whichever is the reference.
  if (median([...values]) >= median([...reference])) return sampled(values, reference);
  const [low, high] = sampled(reference, values);
  return [1 / high, 1 / low];
}

function sampled(one: readonly number[], other: readonly number[]): [low: number, high: number] {
  const random = generator();
  const draw = (from: readonly number[]) => median(from.map(() => from[Math.floor(random() * from.length)]!));
  const ratios = Array.from({ length: SAMPLES }, () => draw(one) / draw(other)).sort((a, b) => a - b);
  return [ratios[Math.floor(0.025 * SAMPLES)]!, ratios[Math.ceil(0.975 * SAMPLES) - 1]!];
}

function median(values: number[]): number {
  const sorted = values.sort((a, b) => a - b);
  const at = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[at]! : (sorted[at - 1]! + sorted[at]!) / 2;
}

/** Numbers from 0 to 1 that are the same each time, so that two cards always compare alike: mulberry32, by Tommy Ettinger. */
function generator(): () => number {
  let state = 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
