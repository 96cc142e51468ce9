/** Hanging protocols for studies with results: a volume in three planes, any other image by itself. */
import { isOf, tieToImages, worstFirst } from './segmentations.js';

/** @typedef {import('./extension.js').Context} Context */

/** The attribute of a study and of a display set that the protocols match: `volume` or `image`, if results are about it. */
const SHOWN_AS = 'hilumShownAs';

/**
 * Registers the attribute. A display set has it if the worst finding's mask lies on it, a study if one of its display sets has.
 *
 * @param {Context} context
 */
export function matchVolumes({ services, severities }) {
  const { hangingProtocolService } = services;
  hangingProtocolService.addCustomAttribute(
    SHOWN_AS,
    'How Hilum shows results',
    (matched, { displaySets = [], studies = [] } = {}) => {
      const study = hangingProtocolService.activeStudy ?? studies[0];
      const shown = worstOf(services, displaySets, study, severities).images;
      const isAbout = matched.displaySetInstanceUID === undefined || matched === shown;
      if (shown === undefined || !isAbout) return undefined;
      return shown.isReconstructable ? 'volume' : 'image';
    },
  );
}

/** The worst segmentation of a study and its images. Studies from before may be there as well: the first view is of the study that was opened. */
function worstOf({ displaySetService }, displaySets, study, severities) {
  const ofStudy = displaySets.filter(({ StudyInstanceUID }) => StudyInstanceUID === study?.StudyInstanceUID);
  tieToImages(displaySetService, ofStudy);
  const [worst] = worstFirst(ofStudy, severities);
  const images = ofStudy.find((one) => one.displaySetInstanceUID === worst?.referencedDisplaySetInstanceUID);
  return { worst, images };
}

/** Matches what is shown in that way. */
const shownFirst = (value) => [{ attribute: SHOWN_AS, weight: 100, constraint: { equals: { value } } }];
const shownAs = (value) => shownFirst(value).map((rule) => ({ ...rule, required: true }));
const isTrue = (attribute) => ({ attribute, weight: 1, constraint: { equals: { value: true } }, required: true });

/** Windows and colours are changed in all planes at once. */
const VOI_IN_ALL = { type: 'voi', id: 'hilum', source: true, target: true, options: { syncColormap: true } };

const COMMON = { locked: true, availableTo: {}, editableBy: {}, numberOfPriorsReferenced: 0 };

/** The first plane is large, the others are small beside it. */
const PLACES = [
  { x: 0, y: 0, width: 0.5, height: 1 },
  { x: 0.5, y: 0, width: 0.5, height: 0.5 },
  { x: 0.5, y: 0.5, width: 0.5, height: 0.5 },
];

/** For bone. Used where the file says no window: OHIF would show all values that there are, in which bone is as grey as the rest. */
const BONE_WINDOW = { windowWidth: 1500, windowCenter: 300 };

/** OHIF calls it for each study. @param {Context} context */
function volume({ services, severities, vertebrae }) {
  const displaySets = services.displaySetService.getActiveDisplaySets();
  const study = services.hangingProtocolService.activeStudy;
  const { worst, images: shown } = worstOf(services, displaySets, study, severities);
  const isSpine = worst !== undefined && isOf(worst, vertebrae);
  const hasWindow = shown?.instances?.[0]?.WindowWidth !== undefined;
  const options = isSpine && shown?.Modality === 'CT' && !hasWindow ? { voi: BONE_WINDOW } : {};
  const planes = isSpine ? ['sagittal', 'axial', 'coronal'] : ['axial', 'sagittal', 'coronal'];
  return {
    ...COMMON,
    id: VOLUME,
    name: 'Results in three planes',
    imageLoadStrategy: 'nth',
    protocolMatchingRules: shownAs('volume'),
    // Any other volume that a user opens takes the place of this one in all planes.
    displaySetSelectors: { shown: { seriesMatchingRules: [isTrue('isReconstructable'), ...shownFirst('volume')] } },
    stages: [
      {
        name: 'three planes',
        viewportStructure: { layoutType: 'grid', properties: { rows: 2, columns: 2, layoutOptions: PLACES } },
        viewports: planes.map((orientation) => ({
          viewportOptions: {
            viewportId: `hilum-${orientation}`,
            toolGroupId: 'mpr',
            viewportType: 'volume',
            orientation,
            // A report that a user opens takes one plane's place.
            allowUnmatchedView: true,
            syncGroups: [VOI_IN_ALL],
          },
          displaySets: [{ id: 'shown', options }],
        })),
      },
    ],
  };
}

const image = {
  ...COMMON,
  id: 'hilum-image',
  name: 'Results on an image',
  protocolMatchingRules: shownAs('image'),
  displaySetSelectors: { shown: { seriesMatchingRules: shownFirst('image') } },
  stages: [
    {
      name: 'image',
      viewportStructure: { layoutType: 'grid', properties: { rows: 1, columns: 1 } },
      viewports: [
        {
          viewportOptions: {
            viewportId: 'hilum-image',
            toolGroupId: 'default',
            viewportType: 'stack',
            allowUnmatchedView: true,
          },
          displaySets: [{ id: 'shown' }],
        },
      ],
    },
  ],
};

const VOLUME = 'hilum-volume';

/** The protocols' names, in OHIF's terms their ids. */
export const PROTOCOLS = [VOLUME, image.id];

/** @param {Context} context */
export function hangingProtocols(context) {
  return [
    { name: VOLUME, protocol: () => ({ protocol: volume(context) }) },
    { name: image.id, protocol: image },
  ];
}

/** Of OHIF's presets, the one that shows bone as bone; its own choice, `CT-Bone`, shows the skin and muscles around it. */
const BONE_PRESET = 'CT-AAA2';

/**
 * Lets OHIF's own layouts with a 3D view show bone in CT.
 *
 * @param {Context} context
 */
export function showBoneIn3D({ services }) {
  for (const id of ['fourUp', 'main3D', 'mprAnd3DVolumeViewport', 'only3D', 'primary3D']) {
    const viewports =
      services.hangingProtocolService.getProtocolById(id)?.stages.flatMap((stage) => stage.viewports) ?? [];
    for (const { options } of viewports.flatMap(({ displaySets }) => displaySets))
      if (options?.displayPreset) options.displayPreset.CT = BONE_PRESET;
  }
}
