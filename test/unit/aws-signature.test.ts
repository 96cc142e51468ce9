/** The signatures that AWS publishes as examples, and requests that differ from them. */
import { expect, it } from 'vitest';
import { isSignedBy, readClaim, type SignableRequest } from '#adapters/aws/signature.ts';

const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const S3_KEY = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
const IAM_KEY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

/** A request to S3's example bucket as "Authenticating Requests (AWS Signature Version 4)" prints it. */
function s3(
  line: string,
  { signed, signature, ...more }: { signed: string; signature: string; [name: string]: string },
): SignableRequest {
  const [method = '', url = ''] = line.split(' ');
  const credential = `${S3_KEY.accessKeyId}/20130524/us-east-1/s3/aws4_request`;
  return {
    method,
    url,
    headers: {
      host: 'examplebucket.s3.amazonaws.com',
      'x-amz-date': '20130524T000000Z',
      'x-amz-content-sha256': EMPTY,
      ...more,
      authorization: `AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=${signed},Signature=${signature}`,
    },
  };
}

const GET_OBJECT = s3('GET /test.txt', {
  range: 'bytes=0-9',
  signed: 'host;range;x-amz-content-sha256;x-amz-date',
  signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
});
const PUT_OBJECT = s3('PUT /test%24file.text', {
  date: 'Fri, 24 May 2013 00:00:00 GMT',
  'x-amz-storage-class': 'REDUCED_REDUNDANCY',
  'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
  signed: 'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
  signature: '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
});
const GET_LIFECYCLE = s3('GET /?lifecycle', {
  signed: 'host;x-amz-content-sha256;x-amz-date',
  signature: 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
});
const LIST_OBJECTS = s3('GET /?max-keys=2&prefix=J', {
  signed: 'host;x-amz-content-sha256;x-amz-date',
  signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
});
const PRESIGNED: SignableRequest = {
  method: 'GET',
  url: `/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${S3_KEY.accessKeyId}%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404`,
  headers: { host: 'examplebucket.s3.amazonaws.com' },
};
const LIST_USERS: SignableRequest = {
  method: 'GET',
  url: '/?Action=ListUsers&Version=2010-05-08',
  headers: {
    host: 'iam.amazonaws.com',
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    'x-amz-date': '20150830T123600Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
  },
};

/** Whether a request's claim is true for a key; undefined if it claims nothing. */
async function holds(request: SignableRequest, key = S3_KEY): Promise<boolean | undefined> {
  const claim = readClaim(request);
  return claim && isSignedBy(key, request, { claim, payload: claim.payload ?? EMPTY });
}

it.each([
  ['GET Object', GET_OBJECT, S3_KEY],
  ['PUT Object', PUT_OBJECT, S3_KEY],
  ['GET Bucket Lifecycle', GET_LIFECYCLE, S3_KEY],
  ['List Objects', LIST_OBJECTS, S3_KEY],
  ['a presigned URL', PRESIGNED, S3_KEY],
  ['IAM ListUsers', LIST_USERS, IAM_KEY],
])('holds for AWS’s example: %s', async (_name, request, key) => {
  expect(await holds(request, key)).toBe(true);
});

it.each([
  ['another method', { method: 'DELETE' }],
  ['another path', { url: '/test.txT' }],
  ['a query', { url: '/test.txt?acl' }],
  ['another signed header', { headers: { ...GET_OBJECT.headers, range: 'bytes=0-99' } }],
  ['a signed header less', { headers: { ...GET_OBJECT.headers, range: undefined } }],
  ['another host', { headers: { ...GET_OBJECT.headers, host: 'other.s3.amazonaws.com' } }],
  ['another body', { headers: { ...GET_OBJECT.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }],
  ['a second later', { headers: { ...GET_OBJECT.headers, 'x-amz-date': '20130524T000001Z' } }],
  ['a header of AWS’s that is not signed', { headers: { ...GET_OBJECT.headers, 'x-amz-acl': 'public-read' } }],
])('does not hold for %s', async (_name, change) => {
  expect(await holds({ ...GET_OBJECT, ...change } as SignableRequest)).toBe(false);
});

it('does not hold with another secret', async () => {
  expect(await holds(GET_OBJECT, IAM_KEY)).toBe(false);
});

const said = (change: (text: string) => string): SignableRequest => ({
  ...GET_OBJECT,
  headers: { ...GET_OBJECT.headers, authorization: change(GET_OBJECT.headers['authorization'] ?? '') },
});

it.each([
  ['nothing', { ...GET_OBJECT, headers: { host: 'h' } }],
  ['another scheme', said(() => 'Basic aGk6aGk=')],
  ['Signature Version 2', said(() => 'AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=')],
  ['another algorithm', said((text) => text.replace('HMAC-SHA256', 'ECDSA-P256-SHA256'))],
  ['a scope of another day', said((text) => text.replace('20130524', '20130525'))],
  ['no scope', said((text) => text.replace('/20130524/us-east-1/s3/aws4_request', ''))],
  ['half a signature', said((text) => text.slice(0, -10))],
  ['an invalid date', { ...GET_OBJECT, headers: { ...GET_OBJECT.headers, 'x-amz-date': '20139924T000000Z' } }],
  ['two signatures', { ...GET_OBJECT, url: PRESIGNED.url }],
  ['half a query', { ...PRESIGNED, url: PRESIGNED.url.replace(/X-Amz-Date=\w+&/, '') }],
  ['a part of the query twice', { ...PRESIGNED, url: `${PRESIGNED.url}&X-Amz-Expires=1` }],
  ['more than a week', { ...PRESIGNED, url: PRESIGNED.url.replace('86400', '604801') }],
  ['a plus that could be a space', { ...GET_OBJECT, url: '/?prefix=a+b' }],
  ['a percent sign without digits', { ...GET_OBJECT, url: '/?prefix=%zz' }],
])('makes no claim with %s', (_name, request) => {
  expect(readClaim(request)).toBeUndefined();
});

it('states its validity: 15 minutes before and after its date, or until a presigned URL expires', () => {
  const at = Date.UTC(2013, 4, 24);
  const quarter = 15 * 60_000;

  expect(readClaim(GET_OBJECT)?.valid).toEqual([at - quarter, at + quarter]);
  expect(readClaim(PRESIGNED)?.valid).toEqual([at - quarter, at + 24 * 3600_000]);
});
