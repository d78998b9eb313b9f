/** Where a card stands among those of the gallery. */
import { readdirSync, readFileSync } from "node:fs";
import { standing } from "../src/benchmark/standing.js";
import type { Card } from "../src/package/wasm/simd/precis.js";
import { card, configuration } from "./cards.js";
import { expect, test } from "./compare.js";
import { repository } from "./paths.js";

/** A card as the engine gives it: with medians. */
function made(name: string, speed: number, change: (card: Card) => void = () => undefined, kind = "wasm-relaxed-simd"): Card {
  const one = card(name, configuration(kind, 4, speed));
  for (const reading of one.configurations[0]!.prefill) reading.tokens_per_second.median = speed;
  one.created = `${name}, ${speed}`;
  change(one);
  return one;
}

test("a card is compared with devices that measured the same in the same way", () => {
  const mine = made("Mine", 400);
  const gallery = [made("A", 100), made("B", 300), made("B", 500), made("C", 800)];
  expect(standing(mine, gallery)).toBe("Faster at reading than 1 of 3 devices");
  expect(standing(mine, [made("A", 100)])).toBe("Faster at reading than 1 of 1 device");
  const others = [
    made("model", 1, (one) => (one.model.sha256 = "d".repeat(64))),
    made("document", 1, (one) => (one.method.document_sha256 = "d".repeat(64))),
    made("suite", 1, (one) => (one.method.suite = "full")),
    made("schema", 1, (one) => (one.schema = "precis.result/2")),
    made("invalid", 1, (one) => (one.invalid = ["no certificate"])),
    made("native", 1, undefined, "native"),
    made("short", 1, (one) => one.configurations[0]!.prefill.pop()),
    card("empty"),
    mine,
  ];
  expect(standing(mine, [])).toBeNull();
  expect(standing(mine, others)).toBeNull();
  expect(standing(mine, [...others, ...gallery])).toBe("Faster at reading than 1 of 3 devices");
  expect(standing(made("Mine", 400, (one) => (one.invalid = ["no certificate"])), gallery)).toBeNull();
});

test("an opened card says where it stands, with a link to the gallery", async ({ page, compare }) => {
  const folder = `${repository}/gallery`;
  const gallery = readdirSync(folder).filter((name) => name.endsWith(".json")).map((name) => JSON.parse(readFileSync(`${folder}/${name}`, "utf8")) as Card);
  const mine = { ...structuredClone(gallery.find(({ configurations }) => configurations[0]!.backend.kind !== "native")!), name: "Mine", created: "2026-03-04T05:06:07Z" };
  await compare.open();
  await compare.import(JSON.stringify(mine));
  await expect(compare.result).toContainText(`${standing(mine, gallery)} in the gallery. Compared with browsers with the same model and suite.`);
  // Another model: nothing to compare with, and nothing said.
  await compare.import(JSON.stringify(card("Laptop", configuration("wasm-relaxed-simd", 4, 400))));
  await expect(compare.result.getByRole("heading", { name: "Laptop" })).toBeVisible();
  await expect(compare.history.getByRole("status")).toHaveText("Added: Laptop");
  await expect(compare.result).not.toContainText("in the gallery");
  await compare.history.getByRole("button", { name: "Open Mine" }).click();
  await compare.result.getByRole("link", { name: "the gallery" }).click();
  await expect(page).toHaveURL(/gallery\.html$/);
});
