/**
 * Detects ONNX files that keep weights in other files (external data). The runtime would look for them in the working
 * directory, and a model's digest covers only one file.
 *
 * Reads protobuf by the field numbers of onnx.proto, without copying tensors.
 */
type Message = 'model' | 'graph' | 'node' | 'attribute' | 'function' | 'training' | 'sparse' | 'tensor';

/** Fields that lead to tensors. */
const FIELDS: Readonly<Record<Message, Readonly<Record<number, Message>>>> = {
  model: { 7: 'graph', 20: 'training', 25: 'function' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  function: { 7: 'node', 11: 'attribute' },
  training: { 1: 'graph', 2: 'graph' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  tensor: {},
};
/** TensorProto.external_data, with entries of key = 1 and value = 2. */
const EXTERNAL_DATA = 13;
/** The deepest nesting of messages. A file that nests deeper is damaged or hostile. */
const MOST_DEPTH = 100;

/** The name of an external file with weights, or undefined if the model has none. */
export function externalDataOf(file: Uint8Array): string | undefined {
  return searched(file, 'model', 0);
}

function searched(bytes: Uint8Array, message: Message, depth: number): string | undefined {
  if (depth > MOST_DEPTH) return undefined;
  for (const { field, value } of fieldsOf(bytes)) {
    if (message === 'tensor' && field === EXTERNAL_DATA) {
      const [key, location] = [...fieldsOf(value)].map((entry) => Buffer.from(entry.value).toString('utf8'));
      if (key === 'location') return location ?? '';
    }
    const next = FIELDS[message][field];
    const found = next && searched(value, next, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The length-delimited fields, in order. Stops at bytes that are not protobuf, which the runtime will refuse. */
function* fieldsOf(bytes: Uint8Array): Generator<{ readonly field: number; readonly value: Uint8Array }> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; at < bytes.length && scale < 2 ** 63; scale *= 128) {
      const byte = bytes[at] ?? 0;
      at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    at = bytes.length;
    return value;
  };
  while (at < bytes.length) {
    const tag = varint();
    const [field, wire] = [Math.floor(tag / 8), tag % 8];
    if (wire === 0) varint();
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else if (wire === 2) {
      const length = varint();
      if (at + length > bytes.length) return;
      yield { field, value: bytes.subarray(at, at + length) };
      at += length;
    } else return;
  }
}
