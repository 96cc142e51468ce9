/** Compares a model's inputs and outputs with what the model declares and what the tool expects. */
import type { InferenceSession } from 'onnxruntime-node';
import { ModelError } from '#core/errors.ts';
import type { ExpectedShape, Tensor } from '#core/ports.ts';

type Declared = InferenceSession['inputMetadata'];

/** @throws ModelError `model-input` if the tool's inputs do not fit the model's in name, type or shape */
export function checkInputs(model: string, declared: Declared, given: Readonly<Record<string, Tensor>>): void {
  const refusal = (why: string): ModelError =>
    new ModelError('model-input', `The model ${model} ${why}. It takes ${listed(declared)}.`, { facts: { model } });
  const names = declared.map(({ name }) => name);
  for (const name of Object.keys(given)) if (!names.includes(name)) throw refusal(`has no input ${name}`);
  for (const input of declared) {
    const tensor = given[input.name];
    if (tensor === undefined) throw refusal(`was not given its input ${input.name}`);
    if (!input.isTensor || input.type !== 'float32') {
      throw refusal(
        `takes its input ${input.name} as ${typeOf(input)}, but tools give float32: export it with float32 inputs`,
      );
    }
    // A developer who does not run the compiler may pass anything; it is first checked here.
    if (!(tensor?.data instanceof Float32Array) || !Array.isArray(tensor.shape)) {
      throw refusal(`was given its input ${input.name} in another form than { data: Float32Array, shape: number[] }`);
    }
    // The runtime describes an unspecified shape as a shape without axes.
    if (input.isTensor && input.shape.length > 0 && !fits(tensor.shape, input.shape)) {
      throw refusal(`was given its input ${input.name} as ${shown(tensor.shape)}`);
    }
    const size = tensor.shape.reduce((product, axis) => product * axis, 1);
    if (size !== tensor.data.length) {
      throw refusal(`was given ${tensor.data.length} values for its input ${input.name} of ${shown(tensor.shape)}`);
    }
  }
}

/** @throws ModelError `model-output` if the model lacks an output that the tool expects */
export function checkOutputNames(model: string, declared: Declared, expected: readonly string[]): void {
  const names = declared.map(({ name }) => name);
  const missing = expected.find((name) => !names.includes(name));
  if (missing === undefined) return;
  const message = `The model ${model} has no output ${missing}. It gives ${listed(declared)}.`;
  throw new ModelError('model-output', message, { facts: { model } });
}

/** @throws ModelError `model-output` if type or shape are not as expected, `model-run-failed` if a value is NaN */
export function expectedTensor(
  model: string,
  name: string,
  output: InferenceSession.OnnxValueMapType[string] | undefined,
  expected: ExpectedShape,
): Tensor {
  const refuse = (code: 'model-output' | 'model-run-failed', why: string): never => {
    throw new ModelError(code, `The output ${name} of the model ${model} ${why}.`, { facts: { model } });
  };
  if (output === undefined || !(output.data instanceof Float32Array)) {
    const type = output === undefined ? 'missing' : output.type;
    return refuse('model-output', `is ${type} and not float32: export the model with float32 outputs`);
  }
  if (!Array.isArray(expected))
    refuse('model-output', 'is expected without a shape: give the size of each axis, or any');
  const { data, dims } = output;
  if (!fits(dims, expected)) refuse('model-output', `is ${shown(dims)}, but the tool expects ${shown(expected)}`);
  if (holdsNaN(data)) refuse('model-run-failed', 'holds values that are not numbers (NaN)');
  return { data, shape: dims };
}

/** Whether a shape has the wanted sizes. An axis with a symbolic name or without a size may have any size. */
function fits(shape: readonly number[], wanted: readonly (number | string)[]): boolean {
  return shape.length === wanted.length && wanted.every((size, axis) => isOpen(size) || size === shape[axis]);
}

/** A plain loop: it sees every value of every output. */
function holdsNaN(data: Float32Array): boolean {
  for (let at = 0; at < data.length; at += 1) if (Number.isNaN(data[at])) return true;
  return false;
}

const listed = (declared: Declared): string =>
  declared.length === 0
    ? 'nothing'
    : declared.map((it) => `${it.name} (${typeOf(it)}${it.isTensor ? ` ${shown(it.shape)}` : ''})`).join(', ');

const typeOf = (value: Declared[number]): string => (value.isTensor ? value.type : 'not a tensor');
const isUnsized = (size: number | string): boolean => typeof size === 'number' && size < 0;
const isOpen = (size: number | string): boolean => typeof size === 'string' || isUnsized(size);
const shown = (shape: readonly (number | string)[]): string =>
  shape.map((size) => (size === '' || isUnsized(size) ? 'any' : size)).join(' × ') || 'without axes';
