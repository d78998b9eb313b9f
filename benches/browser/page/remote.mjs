// Calls into a worker and back: `{ method, args }` in, `{ result }` or `{ error }` out, in order.

/** In the page: a worker's methods as async functions. */
export function remote(url) {
  const worker = new Worker(url, { type: 'module' });
  return (method, ...args) =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) =>
        'error' in data ? reject(new Error(data.error)) : resolve(data.result);
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage({ method, args });
    });
}

/** In the worker: answers with these methods. */
export function serve(methods) {
  self.onmessage = async ({ data: { method, args } }) => {
    try {
      self.postMessage({ result: await methods[method](...args) });
    } catch (error) {
      self.postMessage({ error: String(error?.stack ?? error) });
    }
  };
}
