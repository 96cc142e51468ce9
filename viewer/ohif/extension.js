/**
 * Hilum's extension of OHIF 3.13: a study with results opens on what was found. OHIF's configuration imports it as it is
 * (`viewer/app-config.ts`; https://docs.ohif.org/platform/extensions), a hospital's own OHIF can do the same. Each hook calls
 * functions of the files beside this one.
 */
import { overlays } from './overlays.js';
import { showReports } from './reports.js';
import { nameSeries } from './series-names.js';
import { seriesOrder } from './series-order.js';
import { hangingProtocols, matchVolumes, PROTOCOLS, showBoneIn3D } from './volumes.js';
import { showFindings } from './worst-finding.js';

/**
 * What the hooks share.
 *
 * @typedef {object} Context
 * @property {Record<string, any>} services OHIF's services (`servicesManager.services`)
 * @property {{ run(name: string, options?: object): any }} commandsManager OHIF's
 * @property {readonly Severity[]} severities worst first
 * @property {Set<any>} notShown the segmentations that could not be loaded, or whose worst segment OHIF does not show
 * @property {readonly string[]} vertebrae the codes of vertebrae, as SEGs have them
 */

/**
 * A severity with the colour that a mask of it recommends (`core/results/severity.ts`).
 *
 * @typedef {object} Severity
 * @property {string} id
 * @property {string} word
 * @property {readonly [number, number, number]} rgb 0–255
 * @property {readonly [number, number, number]} cielab Recommended Display CIELab Value (PS3.3 C.10.7.1.1)
 */

/** @param {Pick<Context, 'severities' | 'vertebrae'>} settings */
export function createExtension(settings) {
  /** @type {(() => void)[]} what ends the subscriptions of the mode that is open */
  const endings = [];
  const notShown = new Set();
  /** @param {{ servicesManager: any, commandsManager: any }} managers @returns {Context} */
  const contextOf = ({ servicesManager, commandsManager }) => ({
    services: servicesManager.services,
    commandsManager,
    ...settings,
    notShown,
  });
  return {
    id: 'hilum',
    preRegistration(managers) {
      matchVolumes(contextOf(managers));
    },
    onModeEnter(managers) {
      const context = contextOf(managers);
      showBoneIn3D(context);
      showReports({ ...context, extensionManager: managers.extensionManager });
      endings.push(showFindings(context), nameSeries(context));
    },
    onModeExit() {
      for (const end of endings.splice(0)) end();
    },
    getHangingProtocolModule: (managers) => hangingProtocols(contextOf(managers)),
    getCustomizationModule: (managers) => [
      { name: 'global', value: { ...overlays(contextOf(managers)), ...seriesOrder() } },
    ],
  };
}

/** How OHIF's modes are configured for it: the first hanging protocol that matches is taken, OHIF's own where none does. */
export const modesConfiguration = {
  '@ohif/mode-longitudinal': {
    hangingProtocol: { $set: ['default', ...PROTOCOLS] },
  },
};
