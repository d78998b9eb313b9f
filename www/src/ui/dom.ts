/** The element with this id. Throws if the HTML lacks it or it has another type. */
export function byId<T extends HTMLElement>(id: string, type: abstract new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`index.html lacks #${id}`);
  return element;
}

/** An element with a class and children. Strings become text nodes, never markup. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...children: (string | Node)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** A button that calls `act`, with a class and children. */
export function button(className: string, act: () => void, ...children: (string | Node)[]): HTMLButtonElement {
  const made = element("button", className, ...children);
  made.type = "button";
  made.addEventListener("click", () => act());
  return made;
}

/** A name in a box of its own: a stranger's name may turn the direction of the text around it. */
export function isolated(name: string, className = ""): HTMLElement {
  return element("bdi", className, name);
}

/** Lets the button with the id `open` choose a file with the field `input`, and calls `take` with that. */
export function onFileChosen(open: string, input: string, take: (file: File) => void): void {
  const field = byId(input, HTMLInputElement);
  byId(open, HTMLButtonElement).addEventListener("click", () => field.click());
  field.addEventListener("change", () => {
    const file = field.files?.[0];
    // Otherwise choosing the same file again would not fire an event.
    field.value = "";
    if (file) take(file);
  });
}

/** Scrolls to a region by its title, and moves the focus there. */
export function reveal(title: HTMLElement): void {
  title.focus({ preventScroll: true });
  title.scrollIntoView({ block: "start" });
}

/** Scrolls to a part that is below the document on narrow screens. */
export function showIfNarrow(part: HTMLElement, block: "start" | "end"): void {
  if (innerWidth < 960) part.scrollIntoView({ block });
}

/** Makes a change above `part`, which stays at its place unless it is below the screen. */
export function keepInPlace(part: HTMLElement, change: () => void): void {
  const top = () => part.getBoundingClientRect().top;
  const before = top();
  change();
  if (before < innerHeight) scrollBy({ top: top() - before, behavior: "instant" });
}

/** A wide table in a box of its own, which scrolls and which the keyboard can reach. */
export function scrolling(table: HTMLTableElement, label: string): HTMLElement {
  const box = element("div", "scroll", table);
  box.tabIndex = 0;
  box.role = "group";
  box.ariaLabel = label;
  return box;
}

/** Drawing more often would take time from the threads that compute. */
const REDRAW_MS = 250;

/** Returns a function that schedules `draw` in an animation frame, at most once per `everyMs` milliseconds. */
export function nowAndThen(draw: () => void): (everyMs?: number) => void {
  let asked = false;
  let last = -Infinity;
  const inFrame = () => {
    asked = false;
    last = performance.now();
    draw();
  };
  return (everyMs = REDRAW_MS) => {
    if (asked) return;
    asked = true;
    setTimeout(() => requestAnimationFrame(inFrame), last + everyMs - performance.now());
  };
}
