/** The element with this id; a missing or different one is a mistake in index.html, so it throws. */
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

/** Drawing more often than this shows nothing new, and takes time from threads that compute on the same processors. */
const REDRAW_MS = 250;

/** Calls `draw` in a frame, a few times a second at most, however often it is asked to, or every so many milliseconds. */
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
