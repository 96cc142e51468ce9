/** The bucket, on S3. */
import {
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { ByteRange, ObjectStore, PutOptions } from '#pipeline/ports.ts';
import { errorName, s3, translated } from './clients.ts';

const BUCKET = 'the bucket (HILUM_BUCKET)';
const ABSENT = new Set(['NoSuchKey', 'NotFound']);
/** How often a conditional write is tried again that met another one in flight (409). */
const CONFLICT_ATTEMPTS = 5;

/**
 * @throws ConfigurationError (from its methods) where the bucket or the permission is missing
 * @throws ServiceUnavailableError (from its methods) where S3 does not answer
 */
export function createS3ObjectStore({
  bucket,
  client = s3(),
}: {
  readonly bucket: string;
  readonly client?: S3Client;
}): ObjectStore {
  async function get(key: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    if (range?.length === 0) return new Uint8Array();
    const Range = range === undefined ? undefined : `bytes=${range.offset}-${range.offset + range.length - 1}`;
    try {
      const { Body } = await client.send(
        new GetObjectCommand({ Bucket: bucket, Key: key, ...(Range === undefined ? {} : { Range }) }),
      );
      return await Body?.transformToByteArray();
    } catch (error) {
      if (ABSENT.has(errorName(error))) return undefined;
      throw translated(error, BUCKET);
    }
  }

  async function put(
    key: string,
    bytes: Uint8Array,
    { ifAbsent = false, contentType }: PutOptions = {},
  ): Promise<'stored' | 'exists'> {
    const input: PutObjectCommandInput = {
      Bucket: bucket,
      Key: key,
      Body: bytes,
      ChecksumAlgorithm: 'CRC32',
      ...(ifAbsent ? { IfNoneMatch: '*' } : {}),
      ...(contentType === undefined ? {} : { ContentType: contentType }),
    };
    for (let attempt = 1; ; attempt++) {
      try {
        await client.send(new PutObjectCommand(input));
        return 'stored';
      } catch (error) {
        if (ifAbsent && errorName(error) === 'PreconditionFailed') return 'exists';
        const inFlight = ifAbsent && errorName(error) === 'ConditionalRequestConflict';
        if (!inFlight || attempt === CONFLICT_ATTEMPTS) throw translated(error, BUCKET);
      }
    }
  }

  async function exists(key: string): Promise<boolean> {
    try {
      await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
      return true;
    } catch (error) {
      if (ABSENT.has(errorName(error))) return false;
      throw translated(error, BUCKET);
    }
  }

  return { get, put, exists };
}
