/** MR of the head for the brain tool: odd headers, odd brightness, and what is no T1 of a whole head. */
import { join } from 'node:path';
import { dataFolder } from '../../../localstack/parts.mjs';
import { brain, bytesIn, soundSpine, unpacked } from '../bases.ts';
import type { Expected, FieldCase } from '../case.ts';
import { bytesOf, type Changes, type File, mapped, pictureOf, renamed } from '../edit.ts';
import { brainHolds } from '../holds.ts';
import { type Change, DEPARTMENTS, eachSlice, OURS, READERS, VENDORS, withHeader } from './spine-case.ts';
import { raised } from './spine-series.ts';

const brainCase = (name: string, source: string, change: Change, expected: Expected): FieldCase => {
  const files = () => change(brain()).map(bytesOf);
  return { name, source, made: 'phantom, changed', tool: 'brain-tissue', files, expected };
};

/** Volumes of the phantom as the tool measures them, with a margin. */
const PHANTOM = brainHolds({ grey: [500, 700], white: [400, 550], greyShare: [50, 60] });
/** Adults: about 500 to 800 mL of grey and 350 to 650 mL of white matter. */
const ADULT = brainHolds({ grey: [450, 850], white: [320, 680], greyShare: [45, 68] });

const SOUND: readonly FieldCase[] = [
  brainCase('an MPRAGE', 'none: an ordinary study', (files) => files, PHANTOM),
  brainCase(
    'an MPRAGE that does not say that it is three-dimensional',
    DEPARTMENTS,
    withHeader({ MRAcquisitionType: undefined }),
    PHANTOM,
  ),
  brainCase(
    'an MPRAGE of a sequence that calls itself research',
    VENDORS,
    withHeader({ ScanningSequence: 'RM', SequenceVariant: 'NONE', InversionTime: '400' }),
    PHANTOM,
  ),
  brainCase(
    'one voxel that is eight times as bright as all others',
    OURS,
    eachSlice((file, slice) => (slice === 40 ? mapped(file, (value, at) => (at === 9000 ? 32767 : value)) : file)),
    PHANTOM,
  ),
  brainCase(
    'values clipped at the brightness of fat',
    VENDORS,
    eachSlice((file) => mapped(file, (value) => Math.min(value, 2200))),
    PHANTOM,
  ),
  brainCase(
    'one slice sent again under another UID',
    READERS,
    (files) => [...files, ...files.slice(40, 41).map((file) => renamed(file, 'again'))],
    PHANTOM,
  ),
];

const REAL: readonly FieldCase[] = [
  {
    ...{
      name: 'a real defaced T1 that does not say that it is three-dimensional',
      source: OURS,
      made: 'real',
      tool: 'brain-tissue',
      needs: 'data',
    },
    files: () => unpacked('mr-t1-studyforrest'),
    expected: ADULT,
  },
  {
    ...{
      name: 'a real T1 of the head',
      source: 'none: an ordinary study',
      made: 'real',
      tool: 'brain-tissue',
      needs: 'data',
    },
    files: () => bytesIn(join(dataFolder(), 'mr-t1-head')),
    expected: ADULT,
  },
];

const OUT = ['not-suitable', 'not-the-scan', 'wrong-kind', 'contradictory-header', 'unreadable-header'];

/** Refused by the header alone. */
const BY_HEADER: readonly (readonly [name: string, source: string, changes: Changes, because: RegExp])[] = [
  [
    'a spin echo',
    VENDORS,
    { ScanningSequence: 'SE', SequenceVariant: 'SK', InversionTime: undefined },
    /gradient echo|[Ss]pin echo/,
  ],
  [
    'a T2 turbo spin echo in three dimensions',
    VENDORS,
    { ScanningSequence: 'SE', SequenceVariant: 'SK\\SP', EchoTime: '90', InversionTime: undefined },
    /gradient echo|[Ss]pin echo/,
  ],
  [
    'a FLAIR in three dimensions',
    VENDORS,
    { ScanningSequence: 'SE\\IR', SequenceVariant: 'SK\\SP\\MP', InversionTime: '1800', EchoTime: '120' },
    /gradient echo|[Ss]pin echo/,
  ],
  ['echo-planar images', VENDORS, { ScanningSequence: 'EP\\GR', SequenceVariant: 'SK' }, /echo-planar|T1 weighting/],
  ['an angiogram by time of flight', VENDORS, { AngioFlag: 'Y' }, /angiogram/],
  ['a phase image', VENDORS, { ImageType: 'ORIGINAL\\PRIMARY\\PHASE' }, /phase/],
  ['a phase image by one letter', VENDORS, { ImageType: 'ORIGINAL\\PRIMARY\\P\\ND' }, /phase/],
  ['the second inversion of an MP2RAGE', VENDORS, { InversionTime: '2500' }, /inversion time is too long/],
  ['an image of susceptibility', VENDORS, { ImageType: 'ORIGINAL\\PRIMARY\\M\\SWI' }, /susceptibility/],
  [
    'images of diffusion without a word on the sequence',
    VENDORS,
    {
      ...{ ImageType: 'ORIGINAL\\PRIMARY\\DIFFUSION\\NONE', ScanningSequence: undefined, SequenceVariant: undefined },
      AcquisitionContrast: undefined,
    },
    /diffusion/,
  ],
  ['a map of T1', VENDORS, { ImageType: 'DERIVED\\PRIMARY\\T1 MAP' }, /map/],
  ['slabs of maximum intensity', VENDORS, { ImageType: 'DERIVED\\SECONDARY\\MIP' }, /projection/i],
  ['a localizer in three planes', VENDORS, { ImageType: 'ORIGINAL\\PRIMARY\\LOCALIZER' }, /localizer/i],
  ['a T1 of the knee', DEPARTMENTS, { BodyPartExamined: 'KNEE' }, /not the head/],
  ['a gradient echo with an echo of 20 ms', VENDORS, { EchoTime: '20' }, /echo time is too long/i],
  ['a two-dimensional T1', DEPARTMENTS, { MRAcquisitionType: '2D' }, /three-dimensional/],
  [
    'an Echo Time that cannot be read',
    READERS,
    { EchoTime: { vr: 'DS', bytes: Buffer.from('3,000 ms') } },
    /Echo Time.*cannot be read/,
  ],
  ['slices of 5 mm', DEPARTMENTS, { SliceThickness: '5' }, /over 2 mm/],
];

const REFUSED: readonly FieldCase[] = [
  ...BY_HEADER.map(([name, source, changes, because]) =>
    brainCase(name, source, withHeader(changes), { refused: [...OUT, 'no-image'], because }),
  ),
  brainCase('40 slices', DEPARTMENTS, (files) => files.slice(0, 40), { refused: OUT, because: /Fewer than 60 slices/ }),
  brainCase('MR images that call themselves CT', READERS, withHeader({ Modality: 'CT' }), {
    refused: OUT,
    because: /Modality|reads MR only/,
  }),
  brainCase(
    'slices 4 mm apart that say 1.5 mm',
    READERS,
    (files) => files.map((file, slice) => raised(file, 2.5 * slice)),
    {
      refused: ['voxels-too-large', 'no-brain'],
      because: /mm|brain/,
    },
  ),
  brainCase('a ball of water with the header of an MPRAGE', DEPARTMENTS, eachSlice(ofWater), {
    refused: ['no-brain', 'not-t1'],
    because: /brain|T1/,
  }),
  brainCase('noise where air should be, as in the uniform image of an MP2RAGE', VENDORS, eachSlice(inNoise), {
    refused: ['not-t1', 'no-brain'],
    because: /corners of the image|brain/,
  }),
  brainCase(
    'a head with black and white exchanged',
    READERS,
    eachSlice((file) => mapped(file, (value) => (value < 200 ? value : 2600 - value > 0 ? 2600 - value : 0))),
    { refused: ['not-t1', 'no-brain', 'implausible-brain'], because: /T1|brain/ },
  ),
  {
    ...{ name: 'a CT of the trunk', source: DEPARTMENTS, made: 'phantom', tool: 'brain-tissue' },
    files: () => soundSpine().files.slice(0, 70).map(bytesOf),
    expected: { refused: OUT, because: /reads MR only/ },
  },
];

function inNoise(file: File, slice: number): File {
  return mapped(file, (value, at) => (value < 100 ? ((at + 131 * slice) * 7919) % 2400 : value));
}

function ofWater(file: File, slice: number): File {
  const { rows, columns } = pictureOf(file);
  const z = (slice - 51) * 1.5;
  return mapped(file, (_, at) => {
    const r = Math.hypot(((at % columns) - columns / 2) * 1.5, (Math.floor(at / columns) - rows / 2) * 1.5, z);
    return r < 75 ? 1500 + ((at * 7919) % 31) : 20 + ((at * 7919) % 17);
  });
}

export const MR: readonly FieldCase[] = [...SOUND, ...REAL, ...REFUSED];
