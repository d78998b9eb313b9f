/** The colour of a CSS variable as canvases take it: with `light-dark()` and other variables resolved. */
export function colourOf(name: string, host: HTMLElement = document.body): string {
  const probe = document.createElement("span");
  probe.hidden = true;
  probe.style.color = `var(${name})`;
  host.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
