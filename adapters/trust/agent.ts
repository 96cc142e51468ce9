/** The connections of a client to its endpoint: none is used before the other side has proved who it is. */
import type { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import type { LookupFunction } from 'node:net';
import { ArchiveTrustError } from '#core/errors.ts';
import { createPlainAgent, isLoopback, isPrivate } from './addresses.ts';
import { type ArchiveTrust, type Certificates, certificatesOf } from './certificates.ts';
import type { Endpoint } from './endpoint.ts';

/** Never lets a certificate go unchecked, whatever the environment says (NODE_TLS_REJECT_UNAUTHORIZED). */
export const CHECKED = { rejectUnauthorized: true, minVersion: 'TLSv1.2' } as const;
/** Every connection asks for the certificate: in a session that is resumed it is not checked again, and may have expired since. */
const EVERY_TIME = { maxCachedSessions: 0 } as const;

/** As Node.js's own agent keeps connections. */
const KEPT_OPEN = { keepAlive: true, scheduling: 'lifo', timeout: 5_000 } as const;

export interface Connections {
  readonly agent: Agent;
  readonly certificates: Certificates;
}

/**
 * With TLS, the certificate's name is the guard against a name that leads elsewhere (DNS rebinding): nobody else has a certificate
 * for it from these authorities. Without TLS, the address is.
 *
 * @throws ConfigurationError if a certificate or the key cannot be used
 */
export function connectionsTo(endpoint: Endpoint, trust: ArchiveTrust, lookup?: LookupFunction): Connections {
  const certificates = certificatesOf(trust);
  if (endpoint.transport === 'tls') {
    const { ca, certificate, key } = trust;
    const shown = certificate !== undefined && key !== undefined && { cert: certificate, key };
    // A site may name the authority between the root and its servers, or one server's certificate.
    const authorities = ca !== undefined && { ca, allowPartialTrustChain: true };
    const agent = new TlsAgent({
      ...KEPT_OPEN,
      ...CHECKED,
      ...EVERY_TIME,
      ...authorities,
      ...shown,
      ...(lookup && { lookup }),
    });
    return { agent, certificates };
  }
  const [mayConnectTo, where] =
    endpoint.transport === 'plain-here' ? [isLoopback, 'this machine'] : [isPrivate, 'a private network'];
  const refusal = (host: string, address: string): Error =>
    new ArchiveTrustError(
      'archive-address',
      `The archive at ${endpoint.host} is reached without TLS, and its name leads to ${address}, which is not ${where}: nothing was sent. Use https://, or find out who answers for the name ${host}`,
    );
  return { agent: createPlainAgent({ mayConnectTo, refusal, lookup }, KEPT_OPEN), certificates };
}
