/** The certificates that a connection is checked with, as PEM text (RFC 7468). */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { ConfigurationError } from '#core/errors.ts';

/** Whom an archive must be, and who Hilum is to it. */
export interface ArchiveTrust {
  /** The site's authorities: the archive's certificate must come from one of them. Without it, from a public authority. */
  readonly ca?: string | undefined;
  /** Hilum's own certificate, followed by those of its authorities up to the root, where the archive asks for one. */
  readonly certificate?: string | undefined;
  /** The private key of that certificate, without a passphrase. */
  readonly key?: string | undefined;
  /** The host that may be reached without TLS besides this machine: a container's. */
  readonly plainHttpHost?: string | undefined;
}

/** How the settings are called: at the edge, and in the archive's secret. */
export const SETTINGS = {
  ca: "HILUM_CA_FILE (`ca` in the archive's secret)",
  certificate: "HILUM_CLIENT_CERTIFICATE_FILE (`certificate` in the archive's secret)",
  key: "HILUM_CLIENT_KEY_FILE (`key` in the archive's secret)",
} as const;

export interface Certificates {
  readonly authorities: readonly X509Certificate[] | undefined;
  readonly own: { readonly certificate: X509Certificate; readonly key: KeyObject } | undefined;
}

/**
 * Checks that they can be used, before a connection is made with them. Their dates are not checked here: they may pass later.
 *
 * @throws ConfigurationError that names the setting
 */
export function certificatesOf({ ca, certificate, key }: ArchiveTrust): Certificates {
  const authorities = ca === undefined ? undefined : certificatesIn(ca, SETTINGS.ca);
  if (certificate === undefined && key === undefined) return { authorities, own: undefined };
  if (certificate === undefined || key === undefined)
    throw new ConfigurationError(`${SETTINGS.certificate} and ${SETTINGS.key} belong together: set both or neither`);
  const [leaf] = certificatesIn(certificate, SETTINGS.certificate);
  const own = { certificate: leaf, key: privateKeyIn(key) };
  if (!leaf.checkPrivateKey(own.key))
    throw new ConfigurationError(`${SETTINGS.key} is not the key of the first certificate in ${SETTINGS.certificate}`);
  return { authorities, own };
}

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function certificatesIn(text: string, setting: string): readonly [X509Certificate, ...X509Certificate[]] {
  const [first, ...others] = (text.match(BLOCK) ?? []).map((block) => parsed(block, setting));
  if (first === undefined)
    throw new ConfigurationError(
      `${setting} holds no certificate in PEM format (-----BEGIN CERTIFICATE-----). \`openssl x509 -inform der -in FILE\` converts one in DER format`,
    );
  return [first, ...others];
}

function parsed(block: string, setting: string): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch (cause) {
    throw new ConfigurationError(`${setting} holds a certificate that cannot be read: it is damaged`, { cause });
  }
}

function privateKeyIn(text: string): KeyObject {
  if (/BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(text))
    throw new ConfigurationError(
      `${SETTINGS.key} has a passphrase, which nobody could type: save it without one, and let only Hilum read it`,
    );
  try {
    return createPrivateKey(text);
  } catch {
    // The error is dropped: whatever it says is about a secret.
    throw new ConfigurationError(`${SETTINGS.key} holds no private key in PEM format (-----BEGIN PRIVATE KEY-----)`);
  }
}
