/** The object store on S3. */
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import type {
  CallOptions,
  GetOptions,
  ListOptions,
  ObjectListing,
  ObjectPage,
  ObjectStore,
  PutOptions,
} from '#pipeline/ports.ts';
import { limited } from '../call.ts';
import { LONG_SILENCE_MS, limits, once, translated, within } from './clients.ts';
import { errorName } from './refusal.ts';

/** Local clouds have no wildcard host names for buckets. With a custom endpoint, the bucket is therefore in the path. */
const forcePathStyle = (): boolean => {
  const { AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3 } = process.env;
  return AWS_ENDPOINT_URL !== undefined || AWS_ENDPOINT_URL_S3 !== undefined;
};

const s3 = once(() => new S3Client({ forcePathStyle: forcePathStyle(), ...limits(LONG_SILENCE_MS) }));

const failed = (error: unknown): Error => translated(error, 'the bucket (HILUM_BUCKET)');
const ABSENT = new Set(['NoSuchKey', 'NotFound']);
/** What an object of unknown size may have: more than any manifest, result or chunk of one file. */
const MOST_BYTES = 1024 ** 3;
/** The most attempts of a conditional write that conflicts with another one in flight (409). */
const CONFLICT_ATTEMPTS = 5;

/**
 * @throws ConfigurationError (from its methods) if the bucket or the permission is missing
 * @throws ServiceUnavailableError (from its methods) if S3 does not answer
 */
export function createS3ObjectStore({
  bucket,
  client = s3(),
}: {
  readonly bucket: string;
  readonly client?: S3Client;
}): ObjectStore & ObjectListing {
  async function get(key: string, { range, ...options }: GetOptions = {}): Promise<Uint8Array | undefined> {
    if (range?.length === 0) return new Uint8Array();
    const Range = range === undefined ? undefined : `bytes=${range.offset}-${range.offset + range.length - 1}`;
    const command = new GetObjectCommand({ Bucket: bucket, Key: key, ...(Range === undefined ? {} : { Range }) });
    const read = async (signal: AbortSignal | undefined): Promise<Uint8Array | undefined> => {
      try {
        const { Body } = await client.send(command, within(signal));
        return await Body?.transformToByteArray();
      } catch (error) {
        if (ABSENT.has(errorName(error))) return undefined;
        throw error;
      }
    };
    return await limited(options, read, failed, range?.length ?? MOST_BYTES);
  }

  async function put(
    key: string,
    bytes: Uint8Array,
    { ifAbsent = false, contentType, ...options }: PutOptions = {},
  ): Promise<'stored' | 'exists'> {
    const input: PutObjectCommandInput = {
      Bucket: bucket,
      Key: key,
      Body: bytes,
      ChecksumAlgorithm: 'CRC32',
      ...(ifAbsent ? { IfNoneMatch: '*' } : {}),
      ...(contentType === undefined ? {} : { ContentType: contentType }),
    };
    const write = async (signal: AbortSignal | undefined): Promise<'stored' | 'exists'> => {
      for (let attempt = 1; ; attempt++) {
        try {
          await client.send(new PutObjectCommand(input), within(signal));
          return 'stored';
        } catch (error) {
          if (ifAbsent && errorName(error) === 'PreconditionFailed') return 'exists';
          const inFlight = ifAbsent && errorName(error) === 'ConditionalRequestConflict';
          if (!inFlight || attempt === CONFLICT_ATTEMPTS) throw error;
        }
      }
    };
    return await limited(options, write, failed, bytes.length);
  }

  async function exists(key: string, options: CallOptions = {}): Promise<boolean> {
    const look = async (signal: AbortSignal | undefined): Promise<boolean> => {
      try {
        await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), within(signal));
        return true;
      } catch (error) {
        if (ABSENT.has(errorName(error))) return false;
        throw error;
      }
    };
    return await limited(options, look, failed);
  }

  async function list(prefix: string, { after, limit, ...options }: ListOptions = {}): Promise<ObjectPage> {
    const command = new ListObjectsV2Command({
      ...{ Bucket: bucket, Prefix: prefix },
      ...(after !== undefined && { StartAfter: after }),
      ...(limit !== undefined && { MaxKeys: limit }),
    });
    const answer = await limited(options, (signal) => client.send(command, within(signal)), failed);
    const { Contents = [], IsTruncated = false } = answer;
    return {
      objects: Contents.map(({ Key = '', LastModified }) => ({
        key: Key,
        modified: (LastModified ?? new Date(0)).toISOString(),
      })),
      isLast: !IsTruncated,
    };
  }

  return { get, put, exists, list };
}
