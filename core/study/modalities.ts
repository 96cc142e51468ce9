/**
 * Defined Terms of Modality (0008,0060), including retired ones (PS3.3 C.7.3.1.1.1). Any other value may be free text: it
 * neither leaves the site nor is repeated.
 */
const MODALITIES: ReadonlySet<string> = new Set(
  `ANN AR AS ASMT AU BDUS BI BMD CD CF CFM CP CR CS CT CTPROTOCOL DD DF DG DM DMS DOC DS DX EC ECG EEG EMG EOG EPS ES FA
  FID FS GM HC HD IO IOL IVOCT IVUS KER KO LEN LP LS M3D MA MG MR MS NM OAM OCT OP OPM OPR OPT OPTBSV OPTENF OPV OSS OT PA
  PLAN POS PR PT PX REG RESP RF RG RTDOSE RTIMAGE RTINTENT RTPLAN RTRAD RTRECORD RTSEGANN RTSTRUCT RWV SEG SM SMR SR SRF ST
  STAIN TEXTUREMAP TG US VA VF XA XAPROTOCOL XC`.split(/\s+/),
);

/** The Defined Term, however it is spelled; undefined for any other text. */
export function modalityOf(text: string | undefined): string | undefined {
  const term = text?.trim().toUpperCase() ?? '';
  return MODALITIES.has(term) ? term : undefined;
}

/** Modality that a SOP Class requires (PS3.3 A.3, A.4, A.21, A.36, A.38, A.56). */
const CLASS_MODALITIES: readonly (readonly [Modality: string, sopClasses: readonly string[]])[] = [
  ['CT', ['1.2.840.10008.5.1.4.1.1.2', '1.2.840.10008.5.1.4.1.1.2.1', '1.2.840.10008.5.1.4.1.1.2.2']],
  ['MR', ['1.2.840.10008.5.1.4.1.1.4', '1.2.840.10008.5.1.4.1.1.4.1', '1.2.840.10008.5.1.4.1.1.4.4']],
  ['PT', ['1.2.840.10008.5.1.4.1.1.128', '1.2.840.10008.5.1.4.1.1.130', '1.2.840.10008.5.1.4.1.1.128.1']],
];

/** The modality of a cross-sectional SOP Class; undefined for classes that several modalities share. */
export function modalityOfClass(SOPClassUID: string): string | undefined {
  return CLASS_MODALITIES.find(([, classes]) => classes.includes(SOPClassUID))?.[0];
}

/** Whether a modality has SOP Classes of its own here. */
export const isCrossSectional = (Modality: string): boolean => CLASS_MODALITIES.some(([known]) => known === Modality);
