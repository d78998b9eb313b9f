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
