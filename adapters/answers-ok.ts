/** The health check of a local service: true if a GET is answered by itself, with 2xx, within two seconds. */
export async function answersOk(url: string, headers: Readonly<Record<string, string>>): Promise<boolean> {
  try {
    const response = await fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    // Refused, reset or too slow: the service is not healthy.
    return false;
  }
}
