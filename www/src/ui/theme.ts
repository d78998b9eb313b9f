import { byId } from "./dom.js";
import { remember, remembered } from "./local-storage.js";
import { t } from "./words/words.js";

/** Key of the choice in local storage; public/theme.js reads it before the page is drawn. */
const KEY = "precis-theme";

/** The themes in the order in which the button changes them. */
const THEMES = ["automatic", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

/** Calls `draw` when the button or the system changes the colours, for canvases. Ends when `draw` returns false. */
export function onColoursChange(draw: () => boolean): void {
  const end = new AbortController();
  const { signal } = end;
  const changed = () => void (draw() || end.abort());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed, { signal });
  addEventListener("precis-theme", changed, { signal });
}

/** The button's label. */
function labelOf(theme: Theme): string {
  const labels = { automatic: t("Theme: automatic"), light: t("Theme: light"), dark: t("Theme: dark") };
  return labels[theme];
}

/** The button that changes the theme. */
export function wireTheme(): void {
  const button = byId("theme", HTMLButtonElement);
  const kept = remembered(KEY);
  let theme: Theme = THEMES.find((one) => one === kept) ?? "automatic";
  const show = () => (button.textContent = labelOf(theme));
  show();
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
    const { dataset } = document.documentElement;
    if (theme === "automatic") delete dataset.theme;
    else dataset.theme = theme;
    remember(KEY, theme === "automatic" ? null : theme);
    show();
    dispatchEvent(new Event("precis-theme"));
  });
}
