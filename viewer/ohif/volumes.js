/** Hanging protocols for studies with results: a volume in three planes, any other image by itself. */
import { worstSegmentation } from './segmentations.js';

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
    (matched, { displaySets = [] } = {}) => {
      const worst = worstSegmentation(displaySets, severities);
      const shown = displaySets.find((one) => one.displaySetInstanceUID === worst?.referencedDisplaySetInstanceUID);
      const isAbout = matched.displaySetInstanceUID === undefined || matched === shown;
      if (shown === undefined || !isAbout) return undefined;
      return shown.isReconstructable ? 'volume' : 'image';
    },
  );
}

/** Matches what is shown in that way. */
const shownAs = (value) => [{ attribute: SHOWN_AS, weight: 100, constraint: { equals: { value } }, required: true }];

const PLANES = ['axial', 'sagittal', 'coronal'];

/** Windows and colours are changed in all planes at once. */
const VOI_IN_ALL = { type: 'voi', id: 'hilum', source: true, target: true, options: { syncColormap: true } };

const COMMON = { locked: true, availableTo: {}, editableBy: {}, numberOfPriorsReferenced: 0 };

const volume = {
  ...COMMON,
  id: 'hilum-volume',
  name: 'Results in three planes',
  imageLoadStrategy: 'nth',
  protocolMatchingRules: shownAs('volume'),
  displaySetSelectors: { shown: { seriesMatchingRules: shownAs('volume') } },
  stages: [
    {
      name: 'three planes',
      viewportStructure: { layoutType: 'grid', properties: { rows: 1, columns: PLANES.length } },
      viewports: PLANES.map((orientation) => ({
        viewportOptions: {
          viewportId: `hilum-${orientation}`,
          toolGroupId: 'mpr',
          viewportType: 'volume',
          orientation,
          // A report that a user opens takes one plane's place.
          allowUnmatchedView: true,
          initialImageOptions: { preset: 'middle' },
          syncGroups: [VOI_IN_ALL],
        },
        displaySets: [{ id: 'shown' }],
      })),
    },
  ],
};

const image = {
  ...COMMON,
  id: 'hilum-image',
  name: 'Results on an image',
  protocolMatchingRules: shownAs('image'),
  displaySetSelectors: { shown: { seriesMatchingRules: shownAs('image') } },
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

export const hangingProtocols = [volume, image].map((protocol) => ({ name: protocol.id, protocol }));
