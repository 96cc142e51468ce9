/** What is sent to the thread that renews leases. It answers a release with the lease's id. */
export type RenewerRequest =
  | {
      readonly kind: 'hold';
      readonly id: number;
      readonly url: string;
      readonly receiptHandle: string;
      readonly leaseS: number;
      readonly everyMs: number;
    }
  | { readonly kind: 'release'; readonly id: number };
