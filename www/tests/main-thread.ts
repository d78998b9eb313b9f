/** What of Chromium's trace format is read here. */
interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Wall-clock duration, microseconds. */
  dur?: number;
  /** Time that the thread computed, microseconds. */
  tdur?: number;
  args: { name?: string };
}

/**
 * The longest task of a page's main thread in a trace, in milliseconds of computing. Not of the clock, as a
 * PerformanceObserver counts: where other programs share the cores that would measure them.
 */
export function longestTask(trace: Buffer): number {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const thread = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  const main = new Set(traceEvents.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain").map(thread));
  const tasks = traceEvents.filter((event) => event.ph === "X" && event.name.endsWith("RunTask") && main.has(thread(event)));
  if (tasks.length === 0) throw new Error("the trace has no task of a main thread");
  return Math.max(...tasks.map(({ tdur, dur }) => (tdur ?? dur ?? 0) / 1000));
}
