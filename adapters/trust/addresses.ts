/** Which addresses may be reached without TLS, decided on the address that is connected to, not on a name. */
import { lookup as systemLookup } from 'node:dns';
import { Agent, type AgentOptions } from 'node:http';
import { BlockList, isIP, type LookupFunction, Socket } from 'node:net';

/** This machine (RFC 1122 3.2.1.3, RFC 4291 2.5.3). */
const LOOPBACK = listOf(['127.0.0.0', 8, 'ipv4'], ['::1', 128, 'ipv6']);
/** Networks that no router of the internet forwards to (RFC 1918, RFC 4193). */
const PRIVATE = listOf(
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['fc00::', 7, 'ipv6'],
);

function listOf(...subnets: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[]): BlockList {
  const list = new BlockList();
  for (const [net, prefix, family] of subnets) list.addSubnet(net, prefix, family);
  return list;
}

const isIn = (list: BlockList, address: string): boolean => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

export const isLoopback = (address: string): boolean => isIP(address) !== 0 && isIn(LOOPBACK, address);

/** Also an address of this machine. */
export const isPrivate = (address: string): boolean =>
  isIP(address) !== 0 && (isIn(PRIVATE, address) || isIn(LOOPBACK, address));

export interface PlainRules {
  readonly mayConnectTo: (address: string) => boolean;
  /** The error for an address that may not be connected to. */
  readonly refusal: (host: string, address: string) => Error;
  /** Resolves names; by default as the system does. */
  readonly lookup?: LookupFunction | undefined;
}

/**
 * Connections without TLS. The addresses of a name are checked in the look-up whose answer is connected to, so that a name which
 * leads elsewhere the next time (DNS rebinding) leads nowhere. One wrong address among several refuses them all.
 */
export function createPlainAgent(
  { mayConnectTo, refusal, lookup = systemLookup }: PlainRules,
  options: AgentOptions,
): Agent {
  const guarded: LookupFunction = (host, options, callback) =>
    lookup(host, options, (error, address, family) => {
      const found = typeof address === 'string' ? [address] : (address ?? []).map((entry) => entry.address);
      const wrong = error ? undefined : found.find((each) => !mayConnectTo(each));
      callback(wrong === undefined ? error : refusal(host, wrong), address, family);
    });
  const agent = new Agent(options);
  const open = agent.createConnection.bind(agent);
  agent.createConnection = (options, created) => {
    const host = options.host ?? '';
    // An address is connected to without a look-up.
    if (isIP(host) === 0 || mayConnectTo(host)) return open({ ...options, lookup: guarded }, created);
    process.nextTick(() => created?.(refusal(host, host), new Socket()));
    return undefined;
  };
  return agent;
}
