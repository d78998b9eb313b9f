/** Records whether the page is hidden at any time from now on, because browsers slow down hidden pages. */
export function watchVisibility(): { was: () => boolean | null; stop: () => void } {
  // A worker has no document.
  if (typeof document === "undefined") return { was: () => null, stop: () => undefined };
  let hidden = document.hidden;
  const note = () => {
    hidden ||= document.hidden;
  };
  document.addEventListener("visibilitychange", note);
  return { was: () => hidden, stop: () => document.removeEventListener("visibilitychange", note) };
}
