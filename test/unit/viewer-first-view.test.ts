/** How the viewer's extension chooses the worst finding, finds its place and says what it is. */
import { expect, it } from 'vitest';
import { SEVERITIES } from '#core/results/severity.ts';
import type { Severity } from '#core/tool.ts';

type DisplaySet = Readonly<Record<string, unknown>>;
interface Center {
  readonly number: number;
  readonly imageId: string;
  readonly world: readonly number[] | undefined;
  readonly image: readonly number[];
}

interface Protocol {
  readonly stages: readonly {
    readonly viewports: readonly {
      readonly viewportOptions: { readonly orientation: string };
      readonly displaySets: readonly { readonly options: object }[];
    }[];
  }[];
}

/** The browser's modules have no types of their own. */
const load = async <T>(name: string): Promise<T> => (await import(`../../viewer/ohif/${name}.js`)) as T;
const { worstFirst, tieToImages } = await load<{
  worstFirst: (all: readonly DisplaySet[], palette: unknown) => DisplaySet[];
  tieToImages: (displaySetService: object, displaySets: readonly DisplaySet[]) => void;
}>('segmentations');
const { segmentCenters, ALL } = await load<{
  segmentCenters: (
    segmentation: DisplaySet,
    attributesOf: (imageId: string) => DisplaySet | undefined,
  ) => ReadonlyMap<number, Center>;
  readonly ALL: number;
}>('segments');
const { findingLines, researchLine, imageIn } = await load<{
  findingLines: (all: readonly DisplaySet[], image: DisplaySet, settings: object) => readonly string[];
  researchLine: (all: readonly DisplaySet[], image: DisplaySet) => string | undefined;
  imageIn: (cornerstoneViewportService: object, props: DisplaySet) => DisplaySet | undefined;
}>('overlays');
const { hangingProtocols, matchVolumes } = await load<{
  hangingProtocols: (
    context: object,
  ) => readonly [{ readonly protocol: () => { readonly protocol: Protocol } }, object];
  matchVolumes: (context: object) => void;
}>('volumes');
const { inOrder } = await load<{ inOrder: (a: DisplaySet, b: DisplaySet) => number }>('series-order');

const severities = Object.entries(SEVERITIES).map(([id, { word, cielab }]) => ({ id, word, cielab }));
const StudyInstanceUID = '1';
const CT = {
  StudyInstanceUID,
  displaySetInstanceUID: 'ct',
  SeriesInstanceUID: '1.1',
  Modality: 'CT',
  SeriesNumber: 2,
  instances: [{ SOPInstanceUID: '1.1.1' }, { SOPInstanceUID: '1.1.2' }],
};
const reference = (SeriesInstanceUID: string, uids: readonly string[]) => ({
  SeriesInstanceUID,
  ReferencedInstanceSequence: uids.map((ReferencedSOPInstanceUID) => ({ ReferencedSOPInstanceUID })),
});
/** In space. */
const ON_CT = { FrameOfReferenceUID: '1.3', ReferencedSeriesSequence: reference('1.1', ['1.1.1']) };

function seg(SeriesNumber: number, colors: readonly (Severity | undefined)[], more: DisplaySet = {}): DisplaySet {
  const items = colors.map((severity, index) => ({
    SegmentNumber: index + 1,
    SegmentLabel: `Segment ${index + 1}`,
    TrackingUID: `2.25.${SeriesNumber}${index}`,
    // OHIF gives the values of the file, numbers or texts.
    ...(severity && { RecommendedDisplayCIELabValue: SEVERITIES[severity].cielab.map(String) }),
  }));
  return {
    StudyInstanceUID,
    displaySetInstanceUID: `seg-${SeriesNumber}`,
    SeriesNumber,
    Modality: 'SEG',
    referencedDisplaySetInstanceUID: 'ct',
    referencedSeriesInstanceUID: '1.1',
    // A sequence of one item is that item.
    instance: { ...ON_CT, Manufacturer: 'Hilum', SegmentSequence: items.length === 1 ? items[0] : items },
    ...more,
  };
}

it('puts the worst segmentation first, one without judgement before a sound one, and leaves others out', () => {
  const sound = seg(1, ['normal', 'not-judged']);
  const plain = seg(2, [undefined]);
  const mild = seg(3, ['normal', 'mild']);
  const severe = seg(5, ['severe']);
  const alike = seg(4, ['severe', 'mild']);
  const foreign = seg(6, ['severe'], { instance: { Manufacturer: 'Another' } });
  const orphan = seg(7, ['severe'], { referencedDisplaySetInstanceUID: undefined });
  const empty = seg(8, [], { instance: { ...ON_CT, Manufacturer: 'Hilum' } });

  const sorted = worstFirst([CT, sound, plain, mild, severe, alike, foreign, orphan, empty], severities);

  expect(sorted.map(({ SeriesNumber }) => SeriesNumber)).toEqual([4, 5, 3, 2, 1]);
});

it('finds a voxel of each segment and of all, in images that are not square', () => {
  const [columns, rows] = [7, 3];
  // A ring open to the right: its middle is outside it.
  const ring = [1, 1, 1, 0, 0, 0, 0, /**/ 1, 0, 0, 0, 0, 0, 0, /**/ 1, 1, 1, 0, 0, 0, 2];
  const slice = (uid: string, numbers: readonly number[]) => ({
    voxelManager: { getScalarData: () => Uint8Array.from(numbers) },
    referencedImageId: `wadors:http://x/instances/${uid}/frames/1`,
    columns,
    rows,
  });
  const empty = Array.from({ length: columns * rows }, () => 0);
  const at = (z: number) => ({
    ImagePositionPatient: [10, 20, z],
    ImageOrientationPatient: ['1', '0', '0', '0', '1', '0'],
    PixelSpacing: ['3', '2'],
  });

  const centers = segmentCenters(
    { labelMapImages: [[slice('1.5', empty), slice('1.6', ring), slice('1.7', empty)]] },
    (imageId) => at(Number(/1\.(\d)\/frames/.exec(imageId)?.[1])),
  );
  const radiograph = segmentCenters({ labelMapImages: [slice('1.9', ring)] }, () => ({}));

  expect(centers.get(1)).toMatchObject({ number: 1, image: [0, 1, 1], world: [10, 23, 6] });
  expect(centers.get(2)).toMatchObject({ number: 2, image: [6, 2, 1], world: [22, 26, 6] });
  expect(ring[(centers.get(ALL)?.image[1] ?? 0) * columns + (centers.get(ALL)?.image[0] ?? 0)]).toBe(1);
  expect(radiograph.get(2)).toMatchObject({ image: [6, 2, 0], world: undefined });
});

it('says the worst finding with its severity and certainty, counts what is sound, and is silent on other series', () => {
  const found = seg(1, ['normal', 'moderate', 'mild']);
  const concept = (CodeValue: string) => ({ ConceptNameCodeSequence: { CodeValue } });
  const report = {
    StudyInstanceUID,
    Modality: 'SR',
    instance: {
      Manufacturer: 'Hilum',
      ContentSequence: [
        {
          ContentSequence: [
            { ...concept('112040'), UID: '2.25.11' },
            { ...concept('111012'), MeasuredValueSequence: { NumericValue: '83.7' } },
          ],
        },
      ],
    },
  };
  const notShown = new Set<DisplaySet>();
  const say = (all: readonly DisplaySet[], SeriesInstanceUID = '1.1') =>
    findingLines([CT, ...all], imageOf(SeriesInstanceUID), { severities, notShown });

  expect(say([found, report])).toEqual(['Segment 2', 'moderate, 84 % certain']);
  expect(say([seg(2, [undefined, undefined, undefined])])).toEqual(['Segment 1', 'Segment 2']);
  expect(say([seg(2, ['normal', 'not-judged', 'normal'])])).toEqual(['1 not judged, 2 normal']);
  expect(say([seg(2, ['normal']), seg(3, ['severe'])])).toEqual(['Segment 1', 'severe', '1 normal']);
  expect(say([seg(2, ['mild']), seg(3, ['severe'])])).toEqual(['Segment 1', 'severe', 'Segment 1']);
  expect(say([found], '1.2')).toEqual([]);
  notShown.add(found);
  expect(say([found])).toEqual(['Segment 2', 'moderate', '(its mask is not shown)']);
});

const imageOf = (SeriesInstanceUID: string, SOPInstanceUID = `${SeriesInstanceUID}.1`) => ({
  StudyInstanceUID,
  SeriesInstanceUID,
  SOPInstanceUID,
});

it('says which tools gave no result or failed, each once, also beside the findings of others', () => {
  const none = (SeriesDescription: string, Modality = 'SR') => ({
    StudyInstanceUID,
    Modality,
    instance: { Manufacturer: 'Hilum', SeriesDescription },
  });
  const say = (all: readonly DisplaySet[]) =>
    findingLines([CT, ...all], imageOf('1.1'), { severities, notShown: new Set() });
  const failures = [
    none('Caries: failed (research)'),
    none('Caries: failed, report (research, replaces earlier)', 'DOC'),
    none('Caries: failed, picture (research)', 'OT'),
  ];

  expect(say([none('Tool: no result (research)')])).toEqual(['Tool: no result']);
  expect(say(failures)).toEqual(['Caries: failed']);
  expect(say([seg(2, ['normal']), ...failures])).toEqual(['1 normal', 'Caries: failed']);
  expect(say([none('Caries: findings on images (research)')])).toEqual([]);
});

it('tells each radiograph of a series its own finding, and is silent about other studies', () => {
  const flat = (SeriesNumber: number, severity: Severity, uid: string) => {
    const one = seg(SeriesNumber, [severity]);
    const instance = {
      ...(one['instance'] as object),
      FrameOfReferenceUID: undefined,
      ReferencedSeriesSequence: reference('1.1', [uid]),
    };
    return { ...one, instance };
  };
  const all = [CT, flat(1, 'severe', '1.1.1'), flat(2, 'mild', '1.1.2')];
  const say = (image: DisplaySet) => findingLines(all, image, { severities, notShown: new Set() });

  expect(say(imageOf('1.1', '1.1.1'))).toEqual(['Segment 1', 'severe']);
  expect(say(imageOf('1.1', '1.1.2'))).toEqual(['Segment 1', 'mild']);
  expect(say(imageOf('1.1', '1.1.3'))).toEqual([]);
  expect(say({ ...imageOf('1.1', '1.1.1'), StudyInstanceUID: '2' })).toEqual([]);
  expect(researchLine(all, imageOf('1.4'))).toBe('AI result: research use only');
  expect(researchLine(all, { ...imageOf('1.4'), StudyInstanceUID: '2' })).toBeUndefined();
});

it('tells what was found in joined series on each, and that the mask is not seen on the second', () => {
  const [one, second] = [seg(1, ['severe']), { ...CT, displaySetInstanceUID: 'second', SeriesInstanceUID: '1.2' }];
  const ReferencedSeriesSequence = [reference('1.1', ['1.1.1']), reference('1.2', ['1.2.1'])];
  const joined = { ...one, instance: { ...(one['instance'] as object), ReferencedSeriesSequence } };
  const say = (image: DisplaySet) => findingLines([CT, second, joined], image, { severities, notShown: new Set() });

  expect(say(imageOf('1.1'))).toEqual(['Segment 1', 'severe']);
  expect(say(imageOf('1.2'))).toEqual(['Segment 1', 'severe', '(its mask is not shown)']);
});

it('takes the image that the viewport shows, and what OHIF says only where the viewport cannot tell', () => {
  const shown = (imageId?: string | null) => ({
    getCornerstoneViewport: () => ({ getCurrentImageId: () => imageId }),
  });
  const props = { viewportId: 'view', instance: imageOf('1.1', '1.1.1'), referenceInstance: imageOf('1.1', '1.1.9') };

  expect(imageIn(shown('wadors:x/instances/1.1.2/frames/1'), props)).toEqual(imageOf('1.1', '1.1.2'));
  expect(imageIn(shown(null), props)).toEqual(imageOf('1.1', '1.1.1'));
  expect(imageIn({ getCornerstoneViewport: () => undefined }, { ...props, instance: undefined })).toEqual(
    imageOf('1.1', '1.1.9'),
  );
});

it('lists images before results, each by number', () => {
  const listed = [
    { Modality: 'SEG', SeriesNumber: 20_001 },
    CT,
    { Modality: 'SR', SeriesNumber: 1 },
    { ...CT, SeriesNumber: 1 },
  ];

  expect(listed.toSorted(inOrder).map(({ SeriesNumber }) => SeriesNumber)).toEqual([1, 2, 1, 20_001]);
});

it('shows the volume of the worst finding, the spine in the sagittal plane and in a window for bone if the file has none', () => {
  const SPINE = { SegmentedPropertyTypeCodeSequence: { CodeValue: '51282000' } };
  const spine = seg(1, [], { instance: { ...ON_CT, Manufacturer: 'Hilum', SegmentSequence: SPINE } });
  const protocolFor = (displaySets: readonly DisplaySet[], activeStudy = '1') => {
    const services = {
      displaySetService: displaySetServiceOf(displaySets),
      hangingProtocolService: { activeStudy: { StudyInstanceUID: activeStudy } },
    };
    const [volume] = hangingProtocols({ services, severities, vertebrae: ['51282000'] });
    const views = volume.protocol().protocol.stages[0]?.viewports ?? [];
    return {
      planes: views.map(({ viewportOptions }) => viewportOptions.orientation),
      options: views[0]?.displaySets[0]?.options,
    };
  };
  const plain = { ...CT, instances: [{}] };
  const windowed = { ...CT, instances: [{ WindowWidth: 400 }] };

  expect(protocolFor([plain, spine])).toEqual({
    planes: ['sagittal', 'axial', 'coronal'],
    options: { voi: { windowWidth: 1500, windowCenter: 300 } },
  });
  expect(protocolFor([windowed, spine]).options).toEqual({});
  expect(protocolFor([plain, spine], '2').planes).toEqual(['axial', 'sagittal', 'coronal']);
  expect(protocolFor([plain, seg(1, ['mild'])])).toEqual({ planes: ['axial', 'sagittal', 'coronal'], options: {} });
});

it('matches a study and its image by how the image can be shown', () => {
  let shownAs = (_one: DisplaySet, _all: Readonly<Record<'displaySets' | 'studies', readonly DisplaySet[]>>): unknown =>
    undefined;
  const studies = [{ StudyInstanceUID }, { StudyInstanceUID: 'prior' }];
  const ofPrior = { StudyInstanceUID: 'prior' };
  const hangingProtocolService = {
    addCustomAttribute: (_id: string, _name: string, callback: typeof shownAs) => {
      shownAs = callback;
    },
  };
  const volume = { ...CT, isReconstructable: true };
  const other = { ...CT, displaySetInstanceUID: 'other' };
  const displaySets = [other, volume, seg(1, ['mild'])];
  const displaySetService = displaySetServiceOf([volume]);
  matchVolumes({ services: { hangingProtocolService, displaySetService }, severities });
  const study = { StudyInstanceUID };

  expect(shownAs(study, { displaySets, studies })).toBe('volume');
  expect(displaySets.map((one) => shownAs(one, { displaySets, studies }))).toEqual([undefined, 'volume', undefined]);
  expect(shownAs(CT, { displaySets: [CT, seg(1, ['mild'])], studies })).toBe('image');
  expect(shownAs(study, { displaySets: [volume], studies })).toBeUndefined();
  const before = [{ ...volume, ...ofPrior }, seg(1, ['severe'], ofPrior)];
  expect(shownAs(study, { displaySets: before, studies })).toBeUndefined();
});

/** OHIF's service, with the display sets that it finds for references to them. */
const displaySetServiceOf = (displaySets: readonly DisplaySet[]) => ({
  getActiveDisplaySets: () => displaySets,
  getDisplaySetsForReferences: ([one]: readonly ReturnType<typeof reference>[]) =>
    displaySets.filter(({ instances, SeriesInstanceUID }) =>
      [...((instances ?? []) as readonly { readonly SOPInstanceUID: string }[])].some(
        ({ SOPInstanceUID }) =>
          SeriesInstanceUID === one?.SeriesInstanceUID &&
          one?.ReferencedInstanceSequence.some(
            ({ ReferencedSOPInstanceUID }) => ReferencedSOPInstanceUID === SOPInstanceUID,
          ),
      ),
    ),
});

it('ties a mask to the images that it refers to, where OHIF has taken others of the series', () => {
  const first = { ...CT, displaySetInstanceUID: 'first', instances: [{ SOPInstanceUID: '1.1.9' }] };
  const service = displaySetServiceOf([first, CT]);
  const wrong = seg(1, ['mild'], { referencedDisplaySetInstanceUID: 'first' });
  const right = seg(2, ['mild']);
  const early = seg(3, ['mild'], { referencedDisplaySetInstanceUID: null });
  const foreign = seg(4, ['mild'], { referencedDisplaySetInstanceUID: 'first', instance: { Manufacturer: 'Another' } });
  const all = [wrong, right, early, foreign];

  tieToImages(service, all);

  expect(all.map((one) => one['referencedDisplaySetInstanceUID'])).toEqual(['ct', 'ct', 'ct', 'first']);
});
