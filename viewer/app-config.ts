/** OHIF's configuration script, which its page loads first (https://docs.ohif.org/configuration/configurationFiles). */

/** The path of DICOMweb on the viewer's own origin. */
export const DICOM_WEB_ROOT = '/dicom-web';

const SETTINGS = {
  name: 'hilum',
  routerBasename: null,
  extensions: [],
  modes: [],
  customizationService: {},
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
  // Shows OHIF's notice "for investigational use only" until the user acknowledges it.
  investigationalUseDialog: { option: 'always' },
  defaultDataSourceName: 'orthanc',
};

/** The abilities of Orthanc's DICOMweb. `singlepart` lists what OHIF requests as a single part instead of multipart. */
const DATA_SOURCE = {
  friendlyName: 'Orthanc',
  name: 'orthanc',
  qidoSupportsIncludeField: false,
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

/** The script `/app-config.js`. It builds absolute URLs from the page's origin, because OHIF's workers need them. */
export function appConfig(): string {
  return `const root = window.location.origin + ${JSON.stringify(DICOM_WEB_ROOT)};
window.config = {
  ...${JSON.stringify(SETTINGS)},
  dataSources: [
    {
      namespace: '@ohif/extension-default.dataSourcesModule.dicomweb',
      sourceName: ${JSON.stringify(SETTINGS.defaultDataSourceName)},
      configuration: { ...${JSON.stringify(DATA_SOURCE)}, qidoRoot: root, wadoRoot: root, wadoUriRoot: root },
    },
  ],
};
`;
}
