/** How the viewer's extension loads masks and moves the views to the worst finding. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SEVERITIES } from '#core/results/severity.ts';
import type { Severity } from '#core/tool.ts';

type Listener = (event?: object) => void;

/** The browser's modules have no types of their own. */
const { showFindings } = (await import(`../../viewer/ohif/${'worst-finding'}.js`)) as {
  readonly showFindings: (context: object) => () => void;
};

const severities = Object.entries(SEVERITIES).map(([id, { word, cielab }]) => ({ id, word, cielab }));
/** Each on two of the images' four pixels: segment 1 on the first image, 2 on the second. */
const MASKS = [
  [0, 1, 1, 0],
  [2, 2, 0, 0],
];
const imageId = (index: number) => `wadors:x/instances/1.1.${index + 1}/frames/1`;
const IMAGES = { displaySetInstanceUID: 'images', SeriesInstanceUID: '1.1', StudyInstanceUID: '1' };

interface Segmentation {
  readonly displaySetInstanceUID: string;
  readonly load: () => Promise<void>;
}

/** A mask with a sound segment and one of this severity, which is the second. */
function seg(name: string, severity: Severity, more: object = {}): Segmentation {
  return {
    displaySetInstanceUID: name,
    ...{ Modality: 'SEG', SeriesDescription: name, SeriesNumber: 1, StudyInstanceUID: '1' },
    referencedDisplaySetInstanceUID: 'images',
    instance: {
      Manufacturer: 'Hilum',
      ReferencedSeriesSequence: { SeriesInstanceUID: '1.1' },
      SegmentSequence: (['normal', severity] as const).map((one, index) => ({
        SegmentNumber: index + 1,
        RecommendedDisplayCIELabValue: SEVERITIES[one].cielab,
      })),
    },
    labelMapImages: MASKS.map((numbers, index) => ({
      voxelManager: { getScalarData: () => Uint8Array.from(numbers) },
      referencedImageId: imageId(index),
      columns: 2,
    })),
    load: async () => undefined,
    ...more,
  } as Segmentation;
}

/** OHIF, as far as the extension needs it, with one stack of two images. */
function ohif(displaySets: object[]) {
  const listeners = new Map<string, Listener[]>();
  const events = (...names: readonly string[]) => ({
    EVENTS: Object.fromEntries(names.map((name) => [name, name])),
    subscribe: (name: string, listener: Listener) => {
      listeners.set(name, [...(listeners.get(name) ?? []), listener]);
      return {
        unsubscribe: () =>
          listeners.set(
            name,
            (listeners.get(name) ?? []).filter((one) => one !== listener),
          ),
      };
    },
  });
  const viewport = {
    type: 'stack',
    getImageData: () => ({}),
    getImageIds: () => [imageId(0), imageId(1)],
    setImageIdIndex: vi.fn(),
  };
  const segments = new Map<string, Record<number, { cachedStats: { center?: object } }>>();
  const jump = vi.fn();
  const segmentationService = {
    setStyle: () => undefined,
    getSegmentationRepresentations: () => [],
    addSegmentationRepresentation: vi.fn(async () => undefined),
    setActiveSegmentation: vi.fn(),
    setActiveSegment: vi.fn(),
    getSegmentation: (id: string) => {
      const found = segments.get(id) ?? { 1: { cachedStats: {} }, 2: { cachedStats: {} } };
      segments.set(id, found);
      return { segments: found };
    },
    jumpToSegmentCenter: jump,
    getViewportIdsWithSegmentation: () => ['view'],
    highlightSegment: vi.fn(),
  };
  const services = {
    hangingProtocolService: events('PROTOCOL_CHANGED'),
    displaySetService: {
      ...events('DISPLAY_SETS_ADDED'),
      getActiveDisplaySets: () => displaySets,
      getDisplaySetsForReferences: () => [IMAGES],
    },
    cornerstoneViewportService: {
      ...events('VIEWPORT_DATA_CHANGED', 'VIEWPORT_VOLUMES_CHANGED'),
      getCornerstoneViewport: () => viewport,
    },
    panelService: { activatePanel: () => undefined },
    viewportGridService: {
      getState: () => ({ viewports: new Map([['view', { displaySetInstanceUIDs: ['images'] }]]) }),
    },
    uiNotificationService: { show: vi.fn() },
    segmentationService,
  };
  const tell = (name: string) => {
    for (const listener of listeners.get(name) ?? []) listener();
  };
  const notShown = new Set<object>();
  const context = { services, severities, notShown, commandsManager: { run: vi.fn() } };
  return { context, services, segmentationService, viewport, segments, jump, notShown, tell };
}

const world = { ImagePositionPatient: [0, 0, 5], ImageOrientationPatient: [1, 0, 0, 0, 1, 0], PixelSpacing: [1, 1] };
const redrawn = vi.fn();

function stubWindow(attributesOf: (id: string) => object): void {
  vi.stubGlobal('window', {
    cornerstone: {
      metaData: { get: (_: string, id: string) => attributesOf(id) },
      triggerEvent: redrawn,
      eventTarget: {},
    },
    cornerstoneTools: {
      UltrasoundPleuraBLineTool: { toolName: 'B' },
      Enums: { Events: { ANNOTATION_MODIFIED: 'modified' } },
    },
  });
}

beforeEach(() => stubWindow(() => world));
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

it('loads masks one after the other, worst first, gives OHIF all centres and lists the worst', async () => {
  const order: string[] = [];
  const logged = (name: string) => ({
    load: async () => {
      order.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      order.push(`${name} ends`);
    },
  });
  const { context, segmentationService, viewport, segments, tell } = ohif([
    IMAGES,
    seg('mild', 'mild', logged('mild')),
    seg('severe', 'severe', logged('severe')),
  ]);
  const end = showFindings(context);

  tell('DISPLAY_SETS_ADDED');
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(order).toEqual([]);
  tell('PROTOCOL_CHANGED');
  await vi.waitFor(() => expect(segmentationService.setActiveSegmentation).toHaveBeenCalledTimes(2));

  expect(order).toEqual(['severe begins', 'severe ends', 'mild begins', 'mild ends']);
  expect(viewport.setImageIdIndex.mock.calls).toEqual([[1]]);
  expect(segmentationService.setActiveSegmentation.mock.calls.at(-1)).toEqual(['view', 'severe']);
  expect(['severe', 'mild'].map((name) => segments.get(name)?.[1]?.cachedStats.center)).toEqual(
    ['severe', 'mild'].map(() => ({ world: [1, 0, 5], image: [1, 0, 0] })),
  );
  end();
});

it('loads the masks of a study that comes later, and none after its end', async () => {
  const displaySets: object[] = [IMAGES];
  const { context, segmentationService, tell } = ohif(displaySets);
  const end = showFindings(context);
  tell('PROTOCOL_CHANGED');

  displaySets.push(seg('prior', 'mild'));
  tell('DISPLAY_SETS_ADDED');
  await vi.waitFor(() => expect(segmentationService.addSegmentationRepresentation).toHaveBeenCalledTimes(1));

  let loaded = (): void => undefined;
  const slow = new Promise<void>((resolve) => {
    loaded = resolve;
  });
  const late = vi.fn(() => slow);
  displaySets.push(seg('late', 'severe', { load: late }));
  tell('DISPLAY_SETS_ADDED');
  await vi.waitFor(() => expect(late).toHaveBeenCalled());
  end();
  loaded();
  await new Promise((resolve) => setTimeout(resolve, 20));

  expect(segmentationService.addSegmentationRepresentation).toHaveBeenCalledTimes(1);
  expect(context.commandsManager.run).toHaveBeenCalledTimes(1);
});

it('leaves other masks alone where one fails, or its places cannot be told, and says what is not shown', async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const broken = seg('broken', 'severe', { load: () => Promise.reject(new Error('broken')) });
  const strange = seg('strange', 'moderate', { labelMapImages: [{}], referencedDisplaySetInstanceUID: 'others' });
  // Its second segment lies on images of a series that was joined with this one.
  const joined = seg('joined', 'mild');
  Object.assign(joined, {
    labelMapImages: [
      {
        voxelManager: { getScalarData: () => Uint8Array.from(MASKS[0] ?? []) },
        referencedImageId: imageId(0),
        columns: 2,
      },
    ],
  });
  const others = { ...IMAGES, displaySetInstanceUID: 'others' };
  const { context, services, segmentationService, viewport, notShown, tell } = ohif([
    IMAGES,
    others,
    broken,
    strange,
    joined,
  ]);
  services.displaySetService.getDisplaySetsForReferences = () => [IMAGES, others] as never;
  redrawn.mockClear();
  const end = showFindings(context);

  tell('PROTOCOL_CHANGED');
  await vi.waitFor(() => expect(segmentationService.setActiveSegmentation).toHaveBeenCalled());

  expect([...notShown]).toEqual([broken, joined]);
  expect(redrawn).toHaveBeenCalledTimes(2);
  expect(services.uiNotificationService.show).toHaveBeenCalledTimes(1);
  expect(viewport.setImageIdIndex).not.toHaveBeenCalled();
  end();
});

it('shows the image of a chosen segment where images have no position, and leaves the rest to OHIF', async () => {
  stubWindow(() => ({}));
  const { context, segmentationService, viewport, jump, tell } = ohif([IMAGES, seg('radiograph', 'mild')]);
  const end = showFindings(context);
  tell('PROTOCOL_CHANGED');
  await vi.waitFor(() => expect(segmentationService.setActiveSegmentation).toHaveBeenCalledTimes(2));

  segmentationService.jumpToSegmentCenter('radiograph', 1);
  segmentationService.jumpToSegmentCenter('another', 1, 'view');

  expect(viewport.setImageIdIndex.mock.calls).toEqual([[1], [0]]);
  expect(segmentationService.highlightSegment.mock.calls).toEqual([['radiograph', 1, 'view']]);
  expect(jump.mock.calls).toEqual([['another', 1, 'view']]);
  end();
  expect(segmentationService.jumpToSegmentCenter).toBe(jump);
});

it('tries a view again that could not be moved yet', async () => {
  stubWindow(() => ({}));
  const { context, segmentationService, viewport, tell } = ohif([IMAGES, seg('radiograph', 'mild')]);
  viewport.getImageIds = () => [];
  const end = showFindings(context);
  tell('PROTOCOL_CHANGED');
  await vi.waitFor(() => expect(segmentationService.setActiveSegmentation).toHaveBeenCalled());
  expect(viewport.setImageIdIndex).not.toHaveBeenCalled();

  viewport.getImageIds = () => [imageId(0), imageId(1)];
  tell('VIEWPORT_DATA_CHANGED');

  expect(viewport.setImageIdIndex.mock.calls).toEqual([[1]]);
  end();
});
