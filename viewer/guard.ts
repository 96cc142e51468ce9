/** Which requests the viewer's server takes: from this machine's browser, to read, and below DICOMweb only. */
import type { IncomingMessage } from 'node:http';
import { DICOM_WEB_ROOT } from './app-config.ts';

/** Why a request is refused. */
export interface Refusal {
  readonly status: 400 | 403 | 405 | 421;
  readonly message: string;
}

/** What is asked for: `dicom-web` goes to Orthanc, everything else is a page of the viewer. */
export interface Asked {
  readonly target: 'dicom-web' | 'page';
  /** Decoded by nobody: dots and doubled slashes are resolved, and what is percent-encoded is refused below DICOMweb. */
  readonly path: string;
  /** With its question mark, or empty. */
  readonly query: string;
}

/**
 * What reads studies (PS3.18 10.4, 10.6): search, metadata, frames, bulk data, rendered. Nothing else of Orthanc's DICOMweb
 * plugin (its list of other servers, say) and nothing of its REST API.
 */
const READABLE = new RegExp(`^${DICOM_WEB_ROOT}/(studies|series|instances)(/[A-Za-z0-9.,_-]+)*$`);

/**
 * Judges a request by its line and headers.
 *
 * The Host header must be this server's own name, so that a page elsewhere whose name was led to 127.0.0.1 (DNS rebinding)
 * gets nothing; and data are not given to a page of another site even where it does not need to read the answer. A body is
 * refused: sent on behind the headers of a GET, Orthanc would take it for the next request.
 *
 * @param port that the server listens on
 */
export function judge(
  { method, url, headers }: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
  port: number,
): Asked | Refusal {
  if (headers.host !== `127.0.0.1:${port}` && headers.host !== `localhost:${port}`)
    return { status: 421, message: 'this server answers to 127.0.0.1 and localhost only' };
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, message: 'this server is for reading only' };
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0)
    return { status: 400, message: 'who reads sends nothing' };
  const { pathname: path, search: query } = parse(url) ?? {};
  if (path === undefined || query === undefined) return { status: 400, message: 'this is no path' };
  if (path !== DICOM_WEB_ROOT && !path.startsWith(`${DICOM_WEB_ROOT}/`)) return { target: 'page', path, query };
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return { status: 403, message: 'data are for the viewer’s own pages' };
  if (!READABLE.test(path)) return { status: 403, message: 'this server reads studies and nothing else' };
  return { target: 'dicom-web', path, query };
}

/** Only what begins with one slash: an absolute or a `//host` URL must not choose where a request goes. */
function parse(url: string | undefined): URL | undefined {
  if (url === undefined || !/^\/(?![/\\])/.test(url)) return undefined;
  return URL.parse(url, 'http://viewer.invalid') ?? undefined;
}
