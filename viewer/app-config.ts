/** OHIF's configuration script, which its page loads first (https://docs.ohif.org/configuration/configurationFiles). */
import { SEVERITIES } from '#core/results/severity.ts';
import { Sct, Vertebrae } from '#dicom/codes.ts';

/** The path of DICOMweb on the viewer's own origin. */
export const DICOM_WEB_ROOT = '/dicom-web';

/** The path of Hilum's extension of OHIF, the modules in `viewer/ohif/`. */
export const EXTENSION_ROOT = '/hilum';

const SETTINGS = {
  name: 'hilum',
  routerBasename: null,
  modes: [],
  // Its tour of eleven steps would cover every first image.
  customizationService: { 'ohif.tours': { $set: [] } },
  showStudyList: true,
  showLoadingIndicator: true,
  showCPUFallbackMessage: true,
  showWarningMessageForCrossOrigin: false,
  strictZSpacingForVolumeViewport: true,
  groupEnabledModesFirst: true,
  allowMultiSelectExport: false,
  maxNumberOfWebWorkers: 2,
  maxNumRequests: { interaction: 20, thumbnail: 5, prefetch: 10 },
  showErrorDetails: 'always',
  // Shows OHIF's notice "for investigational use only" until the user acknowledges it, and again after that time. Every image and
  // every result says so, too (`viewer/ohif/overlays.js`).
  investigationalUseDialog: { option: 'configure', days: 30 },
  defaultDataSourceName: 'orthanc',
};

/** The abilities of Orthanc's DICOMweb. `singlepart` lists what OHIF requests as a single part instead of multipart. */
const DATA_SOURCE = {
  friendlyName: 'Orthanc',
  name: 'orthanc',
  qidoSupportsIncludeField: true,
  supportsReject: false,
  supportsFuzzyMatching: false,
  supportsWildcard: true,
  supportsStow: false,
  dicomUploadEnabled: false,
  imageRendering: 'wadors',
  thumbnailRendering: 'wadors',
  enableStudyLazyLoad: true,
  omitQuotationForMultipartRequest: true,
  singlepart: 'bulkdata',
  bulkDataURI: { enabled: true },
};

/** What the page says where the extension cannot be loaded. Without it, OHIF would show no result and not say so. */
const NOT_LOADED =
  'The viewer could not be loaded: a part that shows the results is missing. Reload the page; if that does not help, start the viewer again.';

/** What the extension is told. */
const EXTENSION = {
  severities: Object.entries(SEVERITIES).map(([id, { word, rgb, cielab }]) => ({ id, word, rgb, cielab })),
  vertebrae: [Sct.vertebra, ...Object.values(Vertebrae)].map(({ value }) => value),
};

/**
 * The script `/app-config.js`. OHIF calls the function before it starts, so that the configuration can import modules. It builds
 * absolute URLs from the page's origin, because OHIF's workers need them.
 */
export function appConfig(): string {
  return `const root = window.location.origin + ${JSON.stringify(DICOM_WEB_ROOT)};
window.config = async () => {
  const { createExtension, modesConfiguration } = await import(${JSON.stringify(`${EXTENSION_ROOT}/extension.js`)}).catch((error) => {
    const note = document.createElement('p');
    note.textContent = ${JSON.stringify(NOT_LOADED)};
    Object.assign(note.style, { position: 'fixed', inset: '0', margin: '0', padding: '2rem', color: 'black', background: 'white' });
    document.body.append(note);
    throw error;
  });
  return {
    ...${JSON.stringify(SETTINGS)},
    extensions: [createExtension(${JSON.stringify(EXTENSION)})],
    modesConfiguration,
    dataSources: [
      {
        namespace: '@ohif/extension-default.dataSourcesModule.dicomweb',
        sourceName: ${JSON.stringify(SETTINGS.defaultDataSourceName)},
        configuration: { ...${JSON.stringify(DATA_SOURCE)}, qidoRoot: root, wadoRoot: root, wadoUriRoot: root },
      },
    ],
  };
};
`;
}
