/** The guard's error answers, in the form that AWS clients read. */

/** Why a request is not forwarded. */
export interface Refusal {
  readonly status: 400 | 403 | 413 | 503;
  /** An error code of AWS's. */
  readonly code: string;
  /** For people: what to do. */
  readonly message: string;
  /** The headers of the request, which decide the form. */
  readonly about: Readonly<Record<string, string>>;
}

export interface RefusalAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Writes a refusal in the protocol of the requested service: XML for a form (Query), for S3 and for unsigned requests, else
 * JSON.
 */
export function answerOf({ code, message, about }: Refusal): RefusalAnswer {
  const { 'content-type': type = '', authorization = '' } = about;
  if (type.startsWith('application/x-www-form-urlencoded')) {
    const error = `<Error><Type>Sender</Type>${xml(code, message)}</Error>`;
    return xmlAnswer(`<ErrorResponse>${error}</ErrorResponse>`);
  }
  const service = /Credential=[^/\s]+\/\d{8}\/[^/\s]+\/([^/\s]+)\//.exec(authorization)?.[1];
  if (about['x-amz-target'] === undefined && (service === undefined || service.startsWith('s3')))
    return xmlAnswer(`<Error>${xml(code, message)}</Error>`);
  return {
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': code },
    body: JSON.stringify({ __type: code, message }),
  };
}

function xmlAnswer(element: string): RefusalAnswer {
  return { headers: { 'content-type': 'application/xml' }, body: `<?xml version="1.0" encoding="UTF-8"?>\n${element}` };
}

const xml = (code: string, message: string): string => `<Code>${code}</Code><Message>${escaped(message)}</Message>`;

const escaped = (text: string): string => text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
