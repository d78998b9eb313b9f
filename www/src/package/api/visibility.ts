/** Notes whether the page is hidden at any moment from now on: browsers slow hidden pages down, and the figures with them. */
export function watchVisibility(): { was: () => boolean | null; stop: () => void } {
  // Null in a worker, which has no page to ask.
  if (typeof document === "undefined") return { was: () => null, stop: () => undefined };
  let hidden = document.hidden;
  const note = () => {
    hidden ||= document.hidden;
  };
  document.addEventListener("visibilitychange", note);
  return { was: () => hidden, stop: () => document.removeEventListener("visibilitychange", note) };
}
