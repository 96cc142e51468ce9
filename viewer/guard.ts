/** Decides which requests the viewer's server accepts: read requests of a local browser, for pages and DICOMweb only. */
import type { IncomingMessage } from 'node:http';
import { DICOM_WEB_ROOT } from './app-config.ts';

/** Why a request is refused. */
export interface Refusal {
  readonly status: 400 | 403 | 405 | 421;
  readonly message: string;
}

/** An accepted request: `dicom-web` goes to Orthanc, anything else is a page of the viewer. */
export interface Asked {
  readonly target: 'dicom-web' | 'page';
  /** Dot segments are resolved, but nothing is decoded. Percent-encoded paths below DICOMweb are refused. */
  readonly path: string;
  /** With its question mark, or empty. */
  readonly query: string;
}

/**
 * The paths that list studies and read one (PS3.18 10.4, 10.6): search, metadata, frames, bulk data, rendered. Series and
 * instances are listed of one study only, whose rejection notes tell what is hidden. Other parts of Orthanc's DICOMweb plugin
 * (its list of remote servers, for example) and its REST API are not reachable.
 */
const READABLE = new RegExp(`^${DICOM_WEB_ROOT}/studies(/[A-Za-z0-9.,_-]+)*$`);

/**
 * Judges a request by its request line and headers.
 *
 * The Host header must be the server's own name, so that a foreign page whose host name resolves to 127.0.0.1 (DNS rebinding)
 * gets nothing. Requests of other sites for data are refused, even if their pages could not read the answer. A request with
 * a body is refused, because Orthanc would take the body of a forwarded GET for the next request.
 *
 * @param port the server's port
 */
export function judge(
  { method, url, headers }: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
  port: number,
): Asked | Refusal {
  if (headers.host !== `127.0.0.1:${port}` && headers.host !== `localhost:${port}`)
    return { status: 421, message: 'this server answers only to the host names 127.0.0.1 and localhost' };
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, message: 'this server is read-only' };
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0)
    return { status: 400, message: 'a request must not have a body' };
  const { pathname: path, search: query } = parse(url) ?? {};
  if (path === undefined || query === undefined) return { status: 400, message: 'the request has no valid path' };
  if (path !== DICOM_WEB_ROOT && !path.startsWith(`${DICOM_WEB_ROOT}/`)) return { target: 'page', path, query };
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return { status: 403, message: 'only the viewer’s own pages may request data' };
  if (!READABLE.test(path)) return { status: 403, message: 'this path does not read studies' };
  return { target: 'dicom-web', path, query };
}

/** Accepts only URLs that begin with one slash: an absolute or a `//host` URL must not choose the request's target. */
function parse(url: string | undefined): URL | undefined {
  if (url === undefined || !/^\/(?![/\\])/.test(url)) return undefined;
  return URL.parse(url, 'http://viewer.invalid') ?? undefined;
}
