/** Runs the model on strips of a wide picture, so a panoramic needs no more memory than a few bitewings. */
import type { Tensor } from '#core/ports.ts';

/** Width of the part that a strip answers for, in columns; a multiple of the model's 16. */
const STRIP = 512;
/** Additional columns that a strip sees on each side. The model looks no farther, so strips meet without a seam. */
const MARGIN = 96;

/** Runs `run` on vertical strips of a 1 × channels × rows × columns tensor and joins the answers. */
export async function inStrips(input: Tensor, run: (strip: Tensor) => Promise<Tensor>): Promise<Tensor> {
  const [, , rows = 0, columns = 0] = input.shape;
  let joined: Tensor | undefined;
  for (let left = 0; left < columns; left += STRIP) {
    const right = Math.min(columns, left + STRIP);
    const from = Math.max(0, left - MARGIN);
    const answer = await run(cut(input, from, Math.min(columns, right + MARGIN)));
    const planes = answer.shape[1] ?? 0;
    joined ??= { data: new Float32Array(planes * rows * columns), shape: [1, planes, rows, columns] };
    paste(answer, joined, { from: left - from, to: left, width: right - left });
  }
  if (joined === undefined) throw new RangeError('The picture has no columns');
  return joined;
}

function cut({ data, shape }: Tensor, from: number, to: number): Tensor {
  const [, channels = 0, rows = 0, columns = 0] = shape;
  const width = to - from;
  const out = new Float32Array(channels * rows * width);
  for (let line = 0; line < channels * rows; line++) {
    out.set(data.subarray(line * columns + from, line * columns + to), line * width);
  }
  return { data: out, shape: [1, channels, rows, width] };
}

function paste(
  strip: Tensor,
  whole: Tensor,
  { from, to, width }: { readonly from: number; readonly to: number; readonly width: number },
): void {
  const [, planes = 0, rows = 0, columns = 0] = whole.shape;
  const stripColumns = strip.shape[3] ?? 0;
  for (let line = 0; line < planes * rows; line++) {
    const start = line * stripColumns + from;
    whole.data.set(strip.data.subarray(start, start + width), line * columns + to);
  }
}
