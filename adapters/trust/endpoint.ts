/** The one place that a client talks to: where it is, how it is reached, and that no request leads elsewhere. */
import { ArchiveRequestError, ConfigurationError } from '#core/errors.ts';
import { isLoopback } from './addresses.ts';

export interface Endpoint {
  /** Host and port, for messages. */
  readonly host: string;
  /** `plain-here`: without TLS on this machine; `plain-host`: without TLS at the named host of a network of containers. */
  readonly transport: 'tls' | 'plain-here' | 'plain-host';
  /**
   * The URL of a path below the endpoint's.
   *
   * @throws ArchiveRequestError if it would be anywhere else
   */
  urlOf(path: string): URL;
}

/**
 * @param plainHttpHost the host that may be reached without TLS besides this machine
 * @throws ConfigurationError where the URL is not https, is http to another machine, or carries credentials or a query
 */
export function endpointOf(url: string, plainHttpHost?: string): Endpoint {
  const base = URL.parse(url.endsWith('/') ? url : `${url}/`);
  if (base === null || !['http:', 'https:'].includes(base.protocol))
    throw new ConfigurationError("The archive's URL must begin with https:// (or, on this machine, http://)");
  if (base.username !== '' || base.password !== '')
    throw new ConfigurationError("Set the archive's user name and password in their own settings, not in its URL");
  if (base.search !== '' || base.hash !== '')
    throw new ConfigurationError("The archive's URL must have no query (?) and no fragment (#)");
  return {
    host: base.host,
    transport: transportOf(base, plainHttpHost),
    urlOf(path) {
      const found = URL.parse(path, base.href);
      // What a path leaves for another host or folder with (//, \, .., a scheme) does not survive parsing as it was written.
      if (found === null || found.href !== `${base.href}${path}`)
        throw new ArchiveRequestError(`A request would have left the archive at ${base.host}`);
      return found;
    },
  };
}

/**
 * @throws ConfigurationError if Orthanc's two interfaces are not in one place: Hilum talks to one host and port of a site
 */
export function checkOneOrigin(url: string, dicomWebUrl: string): void {
  if (URL.parse(url)?.origin !== URL.parse(dicomWebUrl)?.origin)
    throw new ConfigurationError(
      'The addresses of Orthanc and of its DICOMweb must begin with the same https://host:port, because Hilum talks to one place only',
    );
}

/** A name without dots, which means nothing outside of its network. */
const ONE_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

function transportOf({ protocol, hostname, host }: URL, plainHttpHost: string | undefined): Endpoint['transport'] {
  if (plainHttpHost !== undefined && !ONE_LABEL.test(plainHttpHost))
    throw new ConfigurationError(
      `${PLAIN_SETTING} must be the name of one host without a dot, such as that of a service of Docker Compose`,
    );
  if (protocol === 'https:') return 'tls';
  if (hostname === 'localhost' || isLoopback(hostname.replace(/^\[|\]$/g, ''))) return 'plain-here';
  if (hostname === plainHttpHost?.toLowerCase()) return 'plain-host';
  throw new ConfigurationError(
    `The archive at ${host} must be reached over https://. Over http://, images and password would cross the network ` +
      'readable: http:// is for this machine (127.0.0.1, localhost, [::1]), and for the one host of a network of ' +
      `containers on it that ${PLAIN_SETTING} names`,
  );
}

const PLAIN_SETTING = "HILUM_PLAIN_HTTP_HOST (`plainHttpHost` in the archive's secret)";
