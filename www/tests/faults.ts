/** Faults that tests plant in the package's worker. */
import type { Page } from "@playwright/test";

/** Puts `code` before everything else that the worker does, in the package and in the page that was built of it. */
export async function inWorker(page: Page, code: string): Promise<void> {
  await page.route(/\/assets\/precis-worker(-[\w-]+)?\.js$/, async (route) => {
    const response = await route.fetch();
    // After the script itself, and before any message.
    await route.fulfill({ response, body: `${await response.text()}\n${code}` });
  });
}

/** The browser has WebGPU, and nothing to run it on. */
export const NO_ADAPTER = "GPU.prototype.requestAdapter = async () => null;";

/** Each of the first `devices` GPUs goes away when the engine tells of the third event of this kind since it was opened. */
export function losing(devices: number, type: "read" | "piece"): string {
  return `{
    let device, opened = 0, told = 0;
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (descriptor) {
      device = await request.call(this, descriptor);
      opened++;
      told = 0;
      return device;
    };
    const post = self.postMessage;
    self.postMessage = (message) => {
      post.call(self, message);
      if (message.event?.type === "${type}" && ++told === 3 && opened <= ${devices}) device.destroy();
    };
  }`;
}

/** A run stands still after it has told of so many chunks, until it is cancelled: what shows meanwhile can be looked at. */
export function heldAfter(chunks: number): string {
  return `{
    let told = 0, held = false;
    const waiting = [];
    const post = self.postMessage;
    self.postMessage = (message) => {
      post.call(self, message);
      if (message.event?.type === "read" && ++told === ${chunks}) held = true;
    };
    // Between two chunks, and within them, the engine gives others their turn by a message to itself.
    const give = MessagePort.prototype.postMessage;
    MessagePort.prototype.postMessage = function (...message) {
      if (held) waiting.push(() => give.apply(this, message));
      else give.apply(this, message);
    };
    self.addEventListener("message", ({ data }) => {
      if (data.call !== "cancel") return;
      held = false;
      told = -Infinity;
      for (const go of waiting.splice(0)) go();
    });
  }`;
}
