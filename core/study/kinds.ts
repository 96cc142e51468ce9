/**
 * The kinds of images that are not the scan itself: projections, materials, maps … By default no tool gets one, because its
 * pixels look like slices and mean something else. A tool's manifest may accept kinds by name (`accepts`).
 */
export const KINDS = {
  localizer: 'is a localizer (scout), not slices of the patient',
  projection: 'is a projection such as MIP, in which one slice shows the extreme of many',
  rendering: 'is a surface or volume rendering, whose values are colours and shades',
  colour: 'is a colour picture, whose values are no measurements',
  curved: 'follows a curve or is distorted, so that distances in it are not distances in the patient',
  'average-of-unknown-thickness': 'is an average of several slices, and the header does not say how thick',
  subtraction: 'is a difference of two images',
  masked: 'shows only a part that was segmented',
  'bone-suppressed': 'has the bone removed or suppressed',
  material: 'shows a material (such as iodine, or the scan without calcium) and not the attenuation of the tissue',
  monoenergetic: 'is virtual monoenergetic, at an energy far from that of a usual CT or not stated',
  'unusual-voltage': 'was taken with a tube voltage that no CT of the body has',
  tomosynthesis: 'is tomosynthesis, whose values are not Hounsfield units',
  map: 'is a map of a computed quantity (perfusion, diffusion, relaxation …)',
  'other-units': 'has values in other units than Hounsfield units',
  phase: 'is the phase, real or imaginary part of an MR signal',
  synthetic: 'is synthetic: it was computed from other images and not acquired',
  screenshot: 'is a picture of a screen, a protocol or a report',
  animal: 'is of an animal',
  phantom: 'is of a phantom, for quality control',
  'for-processing': 'is raw material for processing, not for reading',
} as const;

export type Kind = keyof typeof KINDS;

export const isKind = (name: string): name is Kind => Object.hasOwn(KINDS, name);

/**
 * Facts that exclude no image. A reformat (MPR) with even spacing is a sound volume, but the
 * slices that it was made of come first; an average is as good as its Slice Thickness says.
 */
export type Trait = 'reformat' | 'average';

export type Claim = Kind | Trait;
