/** Parses JSON that a person or another version may have written; undefined if it is not JSON. The caller's schema refuses that. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
