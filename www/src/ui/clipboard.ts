/** Copies `text`, and says in `status` that it is `done`, or what else to do if the browser did not allow it. */
export async function copy(text: string, status: HTMLElement, done: string, otherwise: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    status.textContent = done;
  } catch {
    status.textContent = otherwise;
  }
}
