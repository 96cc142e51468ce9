/** OHIF's own settings, as the script that its page loads first (https://docs.ohif.org/configuration/configurationFiles). */

/** Where the page finds DICOMweb, on its own origin. */
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
  // OHIF's sentence "for investigational use only", until it is acknowledged.
  investigationalUseDialog: { option: 'always' },
  defaultDataSourceName: 'orthanc',
};

/** What Orthanc's DICOMweb can do. `singlepart`: what it gives whole where OHIF would else ask for a multipart answer. */
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

/** The script `/app-config.js`. It names the origin that the page was opened at, since OHIF's workers need whole URLs. */
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
