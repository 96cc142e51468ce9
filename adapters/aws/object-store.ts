/** The object store on S3. */
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import { HttpRequest } from '@smithy/core/protocols';
import { isKnown } from '#core/errors.ts';
import type {
  CallOptions,
  GetOptions,
  ListOptions,
  ObjectListing,
  ObjectPage,
  ObjectStore,
  PutOptions,
  StoredFile,
} from '#pipeline/ports.ts';
import { limited } from '../call.ts';
import { systemRefusal } from '../system-refusal.ts';
import { LONG_SILENCE_MS, limits, once, translated, within } from './clients.ts';
import { fileBody } from './file-body.ts';
import { errorName, reasonOfRefusal } from './refusal.ts';

/** Local clouds have no wildcard host names for buckets. With a custom endpoint, the bucket is therefore in the path. */
const forcePathStyle = (): boolean => {
  const { AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3 } = process.env;
  return AWS_ENDPOINT_URL !== undefined || AWS_ENDPOINT_URL_S3 !== undefined;
};

const nothing = (): void => undefined;
/** The SDK writes to the console that it does not repeat a stream. `putFile` does, and logs are not for the SDK's lines. */
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };

const s3 = once(() => new S3Client({ forcePathStyle: forcePathStyle(), logger: SILENT, ...limits(LONG_SILENCE_MS) }));

const failed = (error: unknown): Error => translated(error, 'the bucket (HILUM_BUCKET)');
const ABSENT = new Set(['NoSuchKey', 'NotFound']);
/** What an object of unknown size may have: more than any manifest, result or chunk of one file. */
const MOST_BYTES = 1024 ** 3;
/** The most attempts of a conditional write that conflicts with another one in flight (409). */
const CONFLICT_ATTEMPTS = 5;
/** The most attempts of a write from a file. */
const STREAM_ATTEMPTS = 4;

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

  async function put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<'stored' | 'exists'> {
    const input: PutObjectCommandInput = { ...inputOf(key, options), Body: bytes, ChecksumAlgorithm: 'CRC32' };
    return await write((signal) => client.send(new PutObjectCommand(input), within(signal)), options, bytes.length);
  }

  /**
   * The SHA-256 that is known goes into the signature and into the checksum, so that the file is read once. The SDK repeats no call
   * whose body is a stream.
   */
  async function putFile(key: string, file: StoredFile, options: PutOptions = {}): Promise<'stored' | 'exists'> {
    const { path, sizeBytes, sha256 } = file;
    const ChecksumSHA256 = Buffer.from(sha256, 'hex').toString('base64');
    const send = async (signal: AbortSignal | undefined): Promise<void> => {
      const Body = fileBody(path);
      const command = new PutObjectCommand({
        ...inputOf(key, options),
        Body,
        ContentLength: sizeBytes,
        ChecksumSHA256,
      });
      command.middlewareStack.add(
        (next) => (args) => {
          if (HttpRequest.isInstance(args.request)) args.request.headers['x-amz-content-sha256'] = sha256;
          return next(args);
        },
        { step: 'build' },
      );
      // The SDK would wait for the rest of a body that cannot be read.
      const unreadable = new AbortController();
      Body.on('error', (error) => unreadable.abort(error));
      const ending = signal === undefined ? unreadable.signal : AbortSignal.any([signal, unreadable.signal]);
      try {
        await client.send(command, within(ending));
      } catch (error) {
        throw unreadable.signal.aborted ? systemRefusal(unreadable.signal.reason, path) : error;
      } finally {
        Body.destroy();
      }
    };
    return await write(send, options, sizeBytes, STREAM_ATTEMPTS);
  }

  const inputOf = (key: string, { ifAbsent = false, contentType }: PutOptions) => ({
    ...{ Bucket: bucket, Key: key },
    ...(ifAbsent ? { IfNoneMatch: '*' } : {}),
    ...(contentType === undefined ? {} : { ContentType: contentType }),
  });

  /** @param attempts the most after errors that a retry may overcome; the SDK makes its own where the body is in memory */
  async function write(
    send: (signal: AbortSignal | undefined) => Promise<unknown>,
    { ifAbsent = false, contentType: _, ...options }: PutOptions,
    sizeBytes: number,
    attempts = 1,
  ): Promise<'stored' | 'exists'> {
    const attempt = async (signal: AbortSignal | undefined): Promise<'stored' | 'exists'> => {
      for (let tried = 1; ; tried++) {
        try {
          await send(signal);
          return 'stored';
        } catch (error) {
          if (ifAbsent && errorName(error) === 'PreconditionFailed') return 'exists';
          const inFlight = ifAbsent && errorName(error) === 'ConditionalRequestConflict';
          const passes = inFlight || (tried < attempts && !isKnown(error) && !reasonOfRefusal(error).isSetting);
          if (!passes || tried >= CONFLICT_ATTEMPTS || signal?.aborted === true) throw error;
        }
      }
    };
    return await limited(options, attempt, failed, sizeBytes);
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

  return { get, put, putFile, exists, list };
}
