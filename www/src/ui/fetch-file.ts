/** Fetches a file of this site, which is `what` in the error if that fails. */
export async function fetchFile(url: string, what: string): Promise<Response> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${what} could not be read (status ${response.status})`);
  return response;
}
