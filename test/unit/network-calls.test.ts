import { describe, expect, it } from 'vitest';
import { readNetworkCalls } from '../fixtures/network-calls.ts';

const attempts = (...lines: readonly string[]): readonly string[] => readNetworkCalls(lines.join('\n')).attempts;

describe('a trace of system calls', () => {
  it.each([
    ['AF_INET, sin_port=htons(8042), sin_addr=inet_addr("127.0.0.1")}, 16) = -1 EINPROGRESS'],
    [
      'AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::1", &sin6_addr), sin6_scope_id=0}, 28) = 0',
    ],
    [
      'AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::ffff:127.0.0.1", &sin6_addr), sin6_scope_id=0}, 28) = 0',
    ],
  ])('counts %s as loopback only', (address) => {
    expect(readNetworkCalls(`12 connect(3, {sa_family=${address}`)).toEqual({ attempts: [], loopback: 1 });
  });

  it('ignores traffic to the kernel and to processes of this machine', () => {
    const trace = [
      '12 sendto(3, [{nlmsg_len=20}], 20, 0, {sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000000}, 12) = 20',
      '12 connect(3, {sa_family=AF_UNIX, sun_path="/tmp/.s.PGSQL.5432"}, 110) = 0',
      '12 connect(3, {sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"}, 110) = -1 ENOENT (No such file or directory)',
      '12 connect(3, {sa_family=AF_UNSPEC, sa_data="\\0"}, 16) = 0',
      '12 sendto(3, "sa_family=AF_INET", 17, 0, NULL, 0) = 17',
    ].join('\n');

    expect(readNetworkCalls(trace)).toEqual({ attempts: [], loopback: 0 });
  });

  it.each([
    [
      '10.0.0.53 port 443',
      'connect(3, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("10.0.0.53")}, 16) = -1 ENETUNREACH',
    ],
    [
      '10.0.0.53 port 443',
      'connect(3, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("10.0.0.53")}, 16 <unfinished ...>',
    ],
    [
      '169.254.169.254 port 80',
      'sendto(3, "x", 1, 0, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("169.254.169.254")}, 16) = 1',
    ],
    [
      '127.0.0.53 port 53',
      'connect(3, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("127.0.0.53")}, 16) = 0',
    ],
    [
      '2001:db8::1 port 53',
      'sendmsg(3, {msg_name={sa_family=AF_INET6, sin6_port=htons(53), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "2001:db8::1", &sin6_addr), sin6_scope_id=0}, msg_namelen=28}, 0) = 28',
    ],
    [
      '/run/systemd/resolve/io.systemd.Resolve',
      'connect(3, {sa_family=AF_UNIX, sun_path="/run/systemd/resolve/io.systemd.Resolve"}, 42) = 0',
    ],
    ['AF_VSOCK', 'connect(3, {sa_family=AF_VSOCK, svm_cid=VMADDR_CID_HOST, svm_port=1}, 16) = 0'],
  ])('finds the attempt at %s', (address, call) => {
    expect(attempts(`12 ${call}`)).toEqual([`${address} by process 12`]);
  });

  it('names the program, also for its threads and children', () => {
    const reach = 'connect(3, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("10.0.0.53")}, 16) = 0';

    const made = attempts(
      '12 execve("/usr/bin/node", ["node", "index.mjs"], 0x7ff /* 9 vars */) = 0',
      '12 clone3({flags=CLONE_VM, exit_signal=0}, 88 <unfinished ...>',
      '12 <... clone3 resumed> => {parent_tid=[0]}, 88) = 14',
      `14 ${reach}`,
      '12 vfork() = 15',
      '15 execve("/usr/bin/curl", ["curl"], 0x7ff /* 9 vars */) = 0',
      `15 ${reach}`,
    );

    expect(made).toEqual(['10.0.0.53 port 53 by "node", "index.mjs"', '10.0.0.53 port 53 by "curl"']);
  });
});
