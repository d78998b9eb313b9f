/**
 * `precis/polyfill` beside the specification (webmachinelearning/writing-assistance-apis, index.bs of 2026, and the assertions of
 * the web-platform-tests in ai/summarizer). docs/summarizer-api.md lists what passes and what can't.
 */
import { expect, test } from "./package.js";
import { stall } from "./site.js";
import { open, type WebApi, type WebSummarizer, within } from "./summarizer-api.js";

test.describe("surface", () => {
  test.beforeEach(({ page, site }) => open(page, site));

  test("the class, its methods, and what create gives", async ({ page }) => {
    const found = await within(page, async ({ Summarizer, ending }) => {
      const own = Summarizer as unknown as Record<string, unknown>;
      const { create, availability } = Summarizer;
      const made = await create();
      const kinds = ["summarize", "summarizeStreaming", "measureInputUsage", "destroy", "inputQuota", "sharedContext", "type", "format", "length"].map((name) => typeof made[name]);
      return {
        exposed: "Summarizer" in self,
        statics: [typeof own["create"], typeof own["availability"], create.length, availability.length],
        instance: made instanceof Summarizer,
        kinds,
        detached: await availability(),
        constructed: await ending(() => new Summarizer()),
        assigned: await ending(() => { "use strict"; (made as unknown as { type: string }).type = "tldr"; }),
        lengths: [made.summarize.length, made.summarizeStreaming.length, made.measureInputUsage.length, made.destroy.length],
      };
    });
    expect(found).toEqual({
      exposed: true,
      statics: ["function", "function", 0, 0],
      instance: true,
      kinds: ["function", "function", "function", "function", "number", "string", "string", "string", "string"],
      detached: "available",
      constructed: "TypeError TypeError",
      assigned: "TypeError TypeError",
      lengths: [1, 1, 1, 0],
    });
  });

  test("defaults, and what was given", async ({ page }) => {
    const found = await within(page, async ({ Summarizer }) => {
      const attributes = (made: WebSummarizer) =>
        Object.fromEntries(["type", "format", "length", "sharedContext", "expectedInputLanguages", "expectedContextLanguages", "outputLanguage"].map((name) => [name, made[name]]));
      const given = await Summarizer.create({ type: "headline", format: "plain-text", length: "medium", sharedContext: "For pupils.", expectedInputLanguages: ["EN", "en"], expectedContextLanguages: ["en-gb"], outputLanguage: "en" });
      const list = given["expectedInputLanguages"];
      return [attributes(await Summarizer.create()), attributes(given), Object.isFrozen(list), list === given["expectedInputLanguages"], (await Summarizer.create({ expectedInputLanguages: [] }))["expectedInputLanguages"]];
    });
    expect(found).toEqual([
      { type: "key-points", format: "markdown", length: "short", sharedContext: "", expectedInputLanguages: null, expectedContextLanguages: null, outputLanguage: null },
      { type: "headline", format: "plain-text", length: "medium", sharedContext: "For pupils.", expectedInputLanguages: ["en"], expectedContextLanguages: ["en-GB"], outputLanguage: "en" },
      true,
      true,
      null,
    ]);
  });
});

test.describe("availability", () => {
  test("before and after a download, and for every combination", async ({ page, site }) => {
    await open(page, site);
    const found = (await within(page, async ({ Summarizer }) => {
      const before = await Summarizer.availability();
      await Summarizer.create();
      const answers = new Set<string>();
      const languages = [undefined, [], ["en"], ["jp"]];
      for (const type of [undefined, "key-points", "tldr", "teaser", "headline"])
        for (const format of [undefined, "plain-text", "markdown"])
          for (const length of [undefined, "short", "medium", "long"])
            for (const expectedInputLanguages of languages)
              for (const expectedContextLanguages of languages)
                for (const outputLanguage of [undefined, "en", "jp"]) answers.add(await Summarizer.availability({ type, format, length, expectedInputLanguages, expectedContextLanguages, outputLanguage }));
      return { before, after: await Summarizer.availability(), answers: [...answers].sort() };
    })) as object;
    expect(found).toEqual({ before: "downloadable", after: "available", answers: ["available", "unavailable"] });
  });

  test("languages, wrong values, and members that are not its own", async ({ page, site }) => {
    await open(page, site);
    const found = await within(page, async ({ Summarizer, ending }) => {
      const available = (options: unknown) => ending(() => Summarizer.availability(options));
      return {
        variant: await available({ expectedInputLanguages: ["en-GB"], expectedContextLanguages: ["en"], outputLanguage: "en" }),
        zulu: await available({ expectedInputLanguages: ["zu"], outputLanguage: "zu" }),
        one: await available({ expectedInputLanguages: ["en", "zu"] }),
        created: await ending(() => Summarizer.create({ expectedInputLanguages: ["zu"] })),
        invalid: await available({ expectedInputLanguages: ["en-abc-invalid"] }),
        enums: await Promise.all([{ type: "tl;dr" }, { type: "auto" }, { format: "html" }, { length: "sentence" }].map(available)),
        notLists: await Promise.all([{ expectedInputLanguages: "en" }, { expectedInputLanguages: null }].map(available)),
        nothing: await available(null),
        number: await available(5),
        ignored: await available({ signal: 5, monitor: 5, preference: "speed" }),
      };
    });
    expect(found).toEqual({
      variant: "downloadable",
      zulu: "unavailable",
      one: "unavailable",
      created: "DOMException NotSupportedError",
      invalid: "RangeError RangeError",
      enums: Array(4).fill("TypeError TypeError"),
      notLists: Array(2).fill("TypeError TypeError"),
      nothing: "downloadable",
      number: "TypeError TypeError",
      ignored: "downloadable",
    });
  });

  test("says that a download is under way", async ({ page, site }) => {
    await open(page, site);
    site.behaviour = stall;
    const found = await within(page, async ({ Summarizer, ending }) => {
      const stop = new AbortController();
      const half = new Promise<void>((reached) => {
        const monitor = (m: EventTarget) => m.addEventListener("downloadprogress", (event) => (event as ProgressEvent).loaded > 0 && reached());
        void Summarizer.create({ signal: stop.signal, monitor }).catch(() => undefined);
      });
      await half;
      const during = await Summarizer.availability();
      stop.abort();
      return [during, await ending(() => Summarizer.create({ signal: stop.signal }))];
    });
    expect(found).toEqual(["downloading", "DOMException AbortError"]);
  });
});

test.describe("create", () => {
  test("errors in the specification's order", async ({ page, site }) => {
    await open(page, site);
    const found = await within(page, async ({ Summarizer, ending }) => {
      const mine = { mine: true };
      const called: string[] = [];
      const monitor = () => void called.push("monitor");
      const create = (options: unknown) => ending(() => Summarizer.create(options));
      const badEnum = Summarizer.create({ type: "x" });
      const later = new AbortController();
      const pending = create({ signal: later.signal });
      later.abort(mine);
      return {
        rejects: await ending(() => badEnum),
        invalid: await create({ expectedInputLanguages: ["en-abc-invalid"], monitor }),
        context: await create({ expectedContextLanguages: ["x"] }),
        output: await create({ outputLanguage: "" }),
        aborted: await create({ signal: AbortSignal.abort(), monitor }),
        reason: (await create({ signal: AbortSignal.abort(mine) })) === mine,
        tagBeforeSignal: await create({ signal: AbortSignal.abort(), outputLanguage: "en-abc-invalid" }),
        notCalled: called.length,
        abortedLater: (await pending) === mine,
        signalIsNone: await create({ signal: 5 }),
        monitorIsNone: await create({ monitor: 5 }),
        thrown: (await create({ monitor: () => { throw mine; } })) === mine,
        thrownFirst: (await create({ expectedInputLanguages: ["zu"], monitor: () => { throw mine; } })) === mine,
        atOnce: (void Summarizer.create({ monitor }).catch(() => undefined), called.length),
      };
    });
    expect(found).toEqual({
      rejects: "TypeError TypeError",
      invalid: "RangeError RangeError",
      context: "RangeError RangeError",
      output: "RangeError RangeError",
      aborted: "DOMException AbortError",
      reason: true,
      tagBeforeSignal: "RangeError RangeError",
      notCalled: 0,
      abortedLater: true,
      signalIsNone: "TypeError TypeError",
      monitorIsNone: "TypeError TypeError",
      thrown: true,
      thrownFirst: true,
      atOnce: 1,
    });
  });

  test("a page that nobody touched may not download, but may use what is there", async ({ page, site }) => {
    await open(page, site, { touched: false });
    const create = () => within(page, ({ Summarizer, ending }) => ending(async () => typeof (await Summarizer.create())));
    expect(await create()).toBe("DOMException NotAllowedError");
    expect(site.asked).toEqual([]);
    await open(page, site);
    expect(await create()).toBe("object");
    await open(page, site, { touched: false });
    expect(await create()).toBe("object");
  });

  test("a download that fails is a NetworkError with its cause", async ({ page, site }) => {
    await open(page, site);
    site.behaviour = (response) => void response.writeHead(503).end();
    const found = await within(page, async ({ Summarizer }) => Summarizer.create().catch((error: Error) => [error.name, (error.cause as { code: string }).code]));
    expect(found).toEqual(["NetworkError", "download-failed"]);
  });

  test("progress: from 0 to 1, in steps, upwards, and all of it before create resolves", async ({ page, site }) => {
    await open(page, site);
    const run = () =>
      within(page, async ({ Summarizer, sleep }) => {
        const seen: number[] = [];
        let property = 0;
        let sound = true;
        const monitor = (m: EventTarget & { ondownloadprogress?: unknown }) => {
          m.ondownloadprogress = () => property++;
          m.addEventListener("downloadprogress", (event) => {
            const { loaded, total, lengthComputable } = event as ProgressEvent;
            seen.push(loaded);
            sound &&= event instanceof ProgressEvent && event.target === m && total === 1 && lengthComputable && (loaded * 65_536) % 1 === 0;
          });
        };
        await Summarizer.create({ monitor });
        const before = seen.length;
        await sleep();
        return { first: seen[0], last: seen.at(-1), rising: seen.every((value, i) => i === 0 || value > seen[i - 1]!), sound, property: property === before, after: seen.length - before };
      });
    const expected = { first: 0, last: 1, rising: true, sound: true, property: true, after: 0 };
    expect(await run()).toEqual(expected);
    // The model is there now.
    expect(await run()).toEqual(expected);
  });

  for (const at of [0, 1]) {
    test(`an abort on the event of ${at} is heard`, async ({ page, site }) => {
      await open(page, site);
      const found = await page.evaluate(async (at) => {
        const { Summarizer } = globalThis as unknown as { Summarizer: WebApi };
        const stop = new AbortController();
        const mine = new Error("mine");
        let seen = 0;
        const monitor = (m: EventTarget) =>
          m.addEventListener("downloadprogress", (event) => {
            if ((event as ProgressEvent).loaded !== at) return;
            seen++;
            void Promise.resolve().then(() => stop.abort(mine));
          });
        const error = await Summarizer.create({ monitor, signal: stop.signal }).then(() => null, (error: unknown) => error);
        return [error === mine, seen];
      }, at);
      expect(found).toEqual([true, 1]);
    });
  }
});

test.describe("summarize, in one piece and streaming", () => {
  test.beforeEach(({ page, site }) => open(page, site));

  test("what goes in and comes out", async ({ page }) => {
    const found = (await within(page, async ({ Summarizer, PROMPT, TEXT, ending }) => {
      const made = await Summarizer.create({ type: "tldr" });
      let streamed = "";
      for await (const piece of made.summarizeStreaming(TEXT)) streamed += piece;
      const empty = await made.summarizeStreaming("").getReader().read();
      return {
        prompt: (await made.summarize(PROMPT)).length > 0,
        blank: [await made.summarize(""), await made.summarize(" \n\t")],
        blankContext: (await made.summarize(PROMPT, { context: " " })).length > 0,
        number: await made.summarize(42),
        none: await ending(() => made.summarize()),
        symbol: await ending(() => made.summarize(Symbol("s"))),
        nullOptions: (await made.summarize(PROMPT, null)).length > 0,
        badOptions: [await ending(() => made.summarize(PROMPT, 5)), await ending(() => made.summarize(PROMPT, { signal: 5 }))],
        badStream: await ending(() => made.summarizeStreaming(PROMPT, { signal: 5 })),
        unknown: (await made.summarize(PROMPT, { max_tokens: "many" })).length > 0,
        both: (await Promise.all([made.summarize(PROMPT), made.summarize(TEXT)])).every((text) => text.length > 0),
        same: streamed.trim() === (await made.summarize(TEXT)).trim(),
        stream: String(made.summarizeStreaming(PROMPT)),
        empty,
      };
    })) as object;
    expect(found).toEqual({
      prompt: true,
      blank: ["", ""],
      blankContext: true,
      number: "42",
      none: "TypeError TypeError",
      symbol: "TypeError TypeError",
      nullOptions: true,
      badOptions: ["TypeError TypeError", "TypeError TypeError"],
      badStream: "TypeError TypeError",
      unknown: true,
      both: true,
      same: true,
      stream: "[object ReadableStream]",
      empty: { done: true },
    });
  });

  test("aborts reject with the signal's reason, and the object stays usable", async ({ page }) => {
    const found = await within(page, async ({ Summarizer, PROMPT, ending }) => {
      const made = await Summarizer.create();
      const mine = { mine: true };
      const stop = new AbortController();
      const running = ending(() => made.summarize(LONG, { signal: stop.signal }));
      stop.abort(mine);
      const second = new AbortController();
      const stream = made.summarizeStreaming(LONG, { signal: second.signal });
      second.abort();
      const third = new AbortController();
      const finished = made.summarizeStreaming(PROMPT, { signal: third.signal });
      let read = "";
      for await (const piece of finished) read += piece;
      third.abort();
      const left = made.summarizeStreaming(LONG);
      await left.cancel();
      return {
        running: (await running) === mine,
        again: (await ending(() => made.summarize(PROMPT, { signal: stop.signal }))) === mine,
        measuring: (await ending(() => made.measureInputUsage(PROMPT, { signal: stop.signal }))) === mine,
        stream: await ending(() => stream.pipeTo(new WritableStream())),
        thrown: await (async () => {
          try {
            made.summarizeStreaming(PROMPT, { signal: stop.signal });
            return "returned";
          } catch (error) {
            return error === mine;
          }
        })(),
        finished: read.length > 0,
        usable: (await made.summarize(PROMPT)).length > 0,
      };
    });
    expect(found).toEqual({ running: true, again: true, measuring: true, stream: "DOMException AbortError", thrown: true, finished: true, usable: true });
  });

  test("usage and quota", async ({ page }) => {
    const found = await within(page, async ({ Summarizer, PROMPT }) => {
      const made = await Summarizer.create();
      const quota = made["inputQuota"] as number;
      const [one, two, more] = [await made.measureInputUsage(PROMPT), await made.measureInputUsage(PROMPT + PROMPT), await made.measureInputUsage(PROMPT, { context: PROMPT })];
      const refused = await made.summarize("bee ".repeat(2_500_001)).catch((error: DOMException) => error.name);
      return [one > 0, two > one, more > one, one < quota, refused];
    });
    expect(found).toEqual([true, true, true, true, "QuotaExceededError"]);
  });

  test("what every type, length and format is", async ({ page }) => {
    const found = (await within(page, async ({ Summarizer, TEXT }) => {
      const text = Array.from({ length: 12 }, (_, i) => `${TEXT.slice(0, 83)} Chapter ${i} says that ${["wool", "iron", "salt", "rain", "coal", "milk", "fish", "corn", "sand", "silk", "gold", "peat"][i]} was scarce in that year, and that people traded for it.`).join("\n\n");
      const shapes: Record<string, string> = {};
      for (const type of ["key-points", "tldr", "teaser", "headline"])
        for (const length of ["short", "medium", "long"])
          for (const format of ["markdown", "plain-text"]) {
            const made = await Summarizer.create({ type, length, format });
            shapes[`${type} ${length} ${format}`] = await made.summarize(text);
            made.destroy();
          }
      return shapes;
    })) as Record<string, string>;
    for (const [kind, text] of Object.entries(found)) {
      const [type, length, format] = kind.split(" ") as [string, "short" | "medium" | "long", string];
      const lines = text.split("\n");
      if (type === "key-points") {
        expect(lines.length, kind).toBeLessThanOrEqual({ short: 3, medium: 5, long: 7 }[length]);
        for (const line of lines) expect(line, kind).toMatch(format === "markdown" ? /^- \S/ : /^• \S/);
      } else expect(text, kind).not.toContain("\n\n");
      if (type === "headline") expect(lines.length, kind).toBe(1);
    }
    expect(Object.keys(found).length).toBe(24);
  });
});

test.describe("the end", () => {
  test.beforeEach(({ page, site }) => open(page, site));

  test("destroy ends what is under way and what comes later", async ({ page }) => {
    const found = await within(page, async ({ Summarizer, PROMPT, ending }) => {
      const made = await Summarizer.create();
      const pending = [ending(() => made.summarize(LONG)), ending(() => made.measureInputUsage(LONG)), ending(() => made.summarizeStreaming(LONG).pipeTo(new WritableStream()))];
      const returned = [made.destroy(), made.destroy()];
      return {
        pending: await Promise.all(pending),
        later: [await ending(() => made.summarize(PROMPT)), await ending(() => made.measureInputUsage(PROMPT)), await ending(() => made.summarizeStreaming(PROMPT)), await ending(() => made.summarize(PROMPT, { signal: AbortSignal.abort(new Error("other")) }))],
        returned,
        readable: made["type"],
      };
    });
    const aborted = "DOMException AbortError";
    expect(found).toEqual({ pending: [aborted, aborted, aborted], later: [aborted, aborted, aborted, aborted], returned: [undefined, undefined], readable: "key-points" });
  });

  test("the signal of create destroys later, with its reason", async ({ page }) => {
    const found = await within(page, async ({ Summarizer, PROMPT, ending }) => {
      const stop = new AbortController();
      const mine = { mine: true };
      const made = await Summarizer.create({ signal: stop.signal });
      const pending = ending(() => made.summarize(LONG));
      stop.abort(mine);
      return [(await pending) === mine, (await ending(() => made.summarize(PROMPT))) === mine, (await ending(() => made.measureInputUsage(PROMPT))) === mine];
    });
    expect(found).toEqual([true, true, true]);
  });
});
