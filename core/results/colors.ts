/** The colours of segments, the same in masks and pictures. CIELab as 0–65535 a channel (PS3.3 C.10.7.1.1), of daylight (D65). */
import type { Rgb } from '../image/text.ts';
import type { Finding, Segment } from '../tool.ts';
import { SEVERITIES } from './severity.ts';

export type CieLab = readonly [lightness: number, a: number, b: number];

/** That of the finding's severity, or else the segment's own, or else one by its number. */
export function segmentColor(
  segment: Pick<Segment, 'number' | 'cielab'>,
  finding: Pick<Finding, 'severity'> | undefined,
): CieLab {
  return (finding?.severity && SEVERITIES[finding.severity].cielab) ?? segment.cielab ?? colorOf(segment.number);
}

/**
 * A colour for a segment without one, all equally light. Hues advance by the golden angle, so neighbouring numbers look
 * different.
 */
function colorOf(segmentNumber: number): CieLab {
  const [lightness, chroma, hue] = [65, 60, (segmentNumber * 137.508 * Math.PI) / 180];
  const channel = (ab: number) => Math.round(((ab + 128) / 255) * 65_535);
  return [Math.round((lightness / 100) * 65_535), channel(chroma * Math.cos(hue)), channel(chroma * Math.sin(hue))];
}

/** The colour as sRGB (IEC 61966-2-1), cut off where a screen cannot show it. */
export function rgbOf([lightness, a, b]: CieLab): Rgb {
  const y = ((lightness / 65_535) * 100 + 16) / 116;
  const x = y + ((a / 65_535) * 255 - 128) / 500;
  const z = y - ((b / 65_535) * 255 - 128) / 200;
  const [X, Y, Z] = [0.95047 * linear(x), linear(y), 1.08883 * linear(z)];
  return [
    byteOf(3.2404542 * X - 1.5371385 * Y - 0.4985314 * Z),
    byteOf(-0.969266 * X + 1.8760108 * Y + 0.041556 * Z),
    byteOf(0.0556434 * X - 0.2040259 * Y + 1.0572252 * Z),
  ];
}

const linear = (f: number): number => (f > 6 / 29 ? f ** 3 : (108 / 841) * (f - 4 / 29));

function byteOf(value: number): number {
  const cut = Math.min(1, Math.max(0, value));
  return Math.round(255 * (cut <= 0.0031308 ? 12.92 * cut : 1.055 * cut ** (1 / 2.4) - 0.055));
}
