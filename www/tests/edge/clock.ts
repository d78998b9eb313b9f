import { test } from "@playwright/test";

/** Stops `Date.now` in all tests of a file, and moves it by hand. */
export function stoppedClock(): { time: number } {
  const clock = { time: 0 };
  const { now } = Date;
  test.beforeEach(() => {
    clock.time = now();
    Date.now = () => clock.time;
  });
  test.afterEach(() => {
    Date.now = now;
  });
  return clock;
}
