/** Fetches a file of this site, which is `what` in the error if that fails. */
export async function fetchFile(url: string, what: string, options: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, options);
  if (!response.ok) throw new Error(`${what} could not be read (status ${response.status})`);
  return response;
}
