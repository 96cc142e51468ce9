/** A coded concept: Code Value (0008,0100), Coding Scheme Designator (0008,0102), Code Meaning (0008,0104); PS3.3 8.8. */
export interface CodedConcept {
  readonly value: string;
  readonly scheme: string;
  readonly meaning: string;
}

const sct = (value: string, meaning: string): CodedConcept => ({ value, scheme: 'SCT', meaning });
const dcm = (value: string, meaning: string): CodedConcept => ({ value, scheme: 'DCM', meaning });
const loinc = (value: string, meaning: string): CodedConcept => ({ value, scheme: 'LN', meaning });
const ucum = (value: string, meaning: string): CodedConcept => ({ value, scheme: 'UCUM', meaning });

/** Coding Scheme Designator of Hilum's own codes. Objects that use them identify the scheme. */
export const HILUM_SCHEME = '99HILUM';
/** Hilum's own codes: a private scheme's designator begins with 99 (PS3.16 8.2); values of at most 16 characters. */
const hilum = (value: string, meaning: string): CodedConcept => ({ value, scheme: HILUM_SCHEME, meaning });

/** Units of measurement (UCUM). */
export const Units = {
  millimetre: ucum('mm', 'millimeter'),
  percent: ucum('%', 'percent'),
  millilitre: ucum('ml', 'milliliter'),
  ratio: ucum('1', 'no units'),
  squareMillimetre: ucum('mm2', 'square millimeter'),
  /** Of ordinal numbers: in UCUM, an annotation in braces equals 1. */
  grade: ucum('{grade}', 'grade'),
} as const;

/** DICOM Controlled Terminology (PS3.16 Annex D) that results use. */
export const Dcm = {
  finding: dcm('121071', 'Finding'),
  trackingIdentifier: dcm('112039', 'Tracking Identifier'),
  trackingUniqueIdentifier: dcm('112040', 'Tracking Unique Identifier'),
  algorithmName: dcm('111001', 'Algorithm Name'),
  algorithmVersion: dcm('111003', 'Algorithm Version'),
  algorithmFamily: dcm('111000', 'Algorithm Family'),
  artificialIntelligence: dcm('123110', 'Artificial Intelligence'),
  certaintyOfFinding: dcm('111012', 'Certainty of Finding'),
  processingEquipment: dcm('109102', 'Processing Equipment'),
  segmentation: dcm('113076', 'Segmentation'),
  sourceImage: dcm('121322', 'Source image for image processing operation'),
  imagingMeasurementReport: dcm('126000', 'Imaging Measurement Report'),
  imagingMeasurements: dcm('126010', 'Imaging Measurements'),
  measurementGroup: dcm('125007', 'Measurement Group'),
  imageRegion: dcm('111030', 'Image Region'),
  referencedSegment: dcm('121191', 'Referenced Segment'),
  referencedSegmentationFrame: dcm('121214', 'Referenced Segmentation Frame'),
  sourceImageForSegmentation: dcm('121233', 'Source image for segmentation'),
  center: dcm('111010', 'Center'),
  comment: dcm('121106', 'Comment'),
  findings: dcm('121070', 'Findings'),
  conclusions: dcm('121076', 'Conclusions'),
  conclusion: dcm('121077', 'Conclusion'),
  procedureReported: dcm('121058', 'Procedure reported'),
  language: dcm('121049', 'Language of Content Item and Descendants'),
  observerType: dcm('121005', 'Observer Type'),
  device: dcm('121007', 'Device'),
  deviceObserverUid: dcm('121012', 'Device Observer UID'),
  deviceObserverName: dcm('121013', 'Device Observer Name'),
  deviceObserverManufacturer: dcm('121014', 'Device Observer Manufacturer'),
  deviceObserverModelName: dcm('121015', 'Device Observer Model Name'),
  deviceObserverSerialNumber: dcm('121016', 'Device Observer Serial Number'),
  processingSummary: dcm('111017', 'CAD Processing and Findings Summary'),
  succeededWithoutFindings: dcm('111241', 'All algorithms succeeded; without findings'),
  keyObjectDescription: dcm('113012', 'Key Object Description'),
  rejectedForQuality: dcm('113001', 'Rejected for Quality Reasons'),
  incorrectWorklistEntry: dcm('113038', 'Incorrect Modality Worklist Entry'),
  noneSucceeded: dcm('111245', 'No algorithms succeeded; without findings'),
} as const;

/** Languages (RFC 5646), document titles and procedures (LOINC) that results use. */
export const English: CodedConcept = { value: 'en', scheme: 'RFC5646', meaning: 'English' };
export const Loinc = {
  diagnosticImagingReport: loinc('18748-4', 'Diagnostic Imaging Report'),
  computedTomography: loinc('25045-6', 'CT unspecified body region'),
  magneticResonanceImaging: loinc('25056-3', 'MRI unspecified body region'),
} as const;

/** SNOMED CT concepts that results use. */
export const Sct = {
  findingSite: sct('363698007', 'Finding Site'),
  laterality: sct('272741003', 'Laterality'),
  topographicalModifier: sct('106233006', 'Topographical modifier'),
  left: sct('7771000', 'Left'),
  right: sct('24028007', 'Right'),
  imagingProcedure: sct('363679005', 'Imaging procedure'),
  anatomicalStructure: sct('91723000', 'Anatomical Structure'),
  morphologicallyAbnormalStructure: sct('49755003', 'Morphologically Abnormal Structure'),
  vertebra: sct('51282000', 'Vertebra'),
  compressionFracture: sct('42942008', 'Compression fracture of vertebral column'),
  mild: sct('255604002', 'Mild'),
  moderate: sct('6736007', 'Moderate'),
  severe: sct('24484000', 'Severe'),
  none: sct('260413007', 'None'),
  normal: sct('17621005', 'Normal'),
  severity: sct('246112005', 'Severity'),
  dentalCaries: sct('80967001', 'Dental caries'),
  toothStructure: sct('38199008', 'Tooth structure'),
  depth: sct('131197000', 'Depth'),
  area: sct('42798000', 'Area'),
} as const;

/** A place that was found and could not be judged. */
export const NotJudged = hilum('not-judged', 'Not judged');

/** The outcome of a run and its reason, as non-results encode them: Hilum's own codes. */
export const Outcomes = {
  outcome: hilum('outcome', 'Outcome of the run'),
  reason: hilum('reason', 'Reason for the outcome'),
  values: {
    result: hilum('result', 'Result'),
    'no-finding': hilum('no-finding', 'No finding'),
    'not-applicable': hilum('out-of-scope', 'Out of scope'),
    'not-evaluable': hilum('not-evaluable', 'Not evaluable'),
    failed: hilum('failed', 'Failed'),
  },
  /** A reason's code, with the words of the code as its meaning. The sentence beside it explains. */
  reasonOf: (code: string): CodedConcept => hilum(code, code.replaceAll('-', ' ').slice(0, 64)),
} as const;

/** Purpose of a reference to an object that another one replaces. */
export const Replaced = hilum('replaced', 'Replaced result');

/** Vertebrae by level name, C1 to S1 (SNOMED CT). */
export const Vertebrae: Readonly<Record<string, CodedConcept>> = {
  C1: sct('14806007', 'C1 vertebra'),
  C2: sct('39976000', 'C2 vertebra'),
  C3: sct('113205007', 'C3 vertebra'),
  C4: sct('5329002', 'C4 vertebra'),
  C5: sct('36978003', 'C5 vertebra'),
  C6: sct('36054005', 'C6 vertebra'),
  C7: sct('87391001', 'C7 vertebra'),
  T1: sct('64864005', 'T1 vertebra'),
  T2: sct('53733008', 'T2 vertebra'),
  T3: sct('1626008', 'T3 vertebra'),
  T4: sct('73071006', 'T4 vertebra'),
  T5: sct('56401006', 'T5 vertebra'),
  T6: sct('45296009', 'T6 vertebra'),
  T7: sct('62487009', 'T7 vertebra'),
  T8: sct('11068009', 'T8 vertebra'),
  T9: sct('82687006', 'T9 vertebra'),
  T10: sct('7610001', 'T10 vertebra'),
  T11: sct('12989004', 'T11 vertebra'),
  T12: sct('23215003', 'T12 vertebra'),
  L1: sct('66794005', 'L1 vertebra'),
  L2: sct('14293000', 'L2 vertebra'),
  L3: sct('36470004', 'L3 vertebra'),
  L4: sct('11994002', 'L4 vertebra'),
  L5: sct('49668003', 'L5 vertebra'),
  S1: sct('65985001', 'S1 vertebra'),
};

/** Six-point morphometry and Genant's grades (J Bone Miner Res 1993;8:1137). Codes are private where no public one surely fits. */
export const VertebralMeasures = {
  anteriorHeight: hilum('vb-height-ant', 'Anterior vertebral body height'),
  middleHeight: hilum('vb-height-mid', 'Middle vertebral body height'),
  posteriorHeight: hilum('vb-height-post', 'Posterior vertebral body height'),
  heightLoss: hilum('vb-height-loss', 'Vertebral body height loss'),
  genantGrade: hilum('genant-grade', 'Genant grade of vertebral fracture'),
  severity: Sct.severity,
  /** The grade as a number, since viewers draw numbers and no codes. */
  gradeNumber: hilum('genant-number', 'Genant grade'),
  grades: {
    0: hilum('genant-0', 'Genant grade 0'),
    1: hilum('genant-1', 'Genant grade 1'),
    2: hilum('genant-2', 'Genant grade 2'),
    3: hilum('genant-3', 'Genant grade 3'),
  },
} as const;

const JAW_SIDES: Readonly<Record<string, string>> = {
  '1': 'Permanent maxillary right',
  '2': 'Permanent maxillary left',
  '3': 'Mandibular left',
  '4': 'Mandibular right',
};
const POSITIONS = [
  'central incisor',
  'lateral incisor',
  'canine',
  'first premolar',
  'second premolar',
  'first molar',
  'second molar',
  'third molar',
];
const toothMeaning = (fdi: string): string => `${JAW_SIDES[fdi[0] ?? '']} ${POSITIONS[Number(fdi[1]) - 1]} tooth`;

/** Permanent teeth by FDI number (ISO 3950): SNOMED CT with the meanings of CID 4018. */
export const Teeth: Readonly<Record<string, CodedConcept>> = Object.fromEntries(
  (
    [
      ['18', '68085002'],
      ['17', '863902006'],
      ['16', '865995000'],
      ['15', '36492000'],
      ['14', '57826002'],
      ['13', '860767006'],
      ['12', '424877001'],
      ['11', '422653006'],
      ['21', '424399000'],
      ['22', '423185002'],
      ['23', '860780009'],
      ['24', '61897005'],
      ['25', '23226009'],
      ['26', '865988009'],
      ['27', '863901004'],
      ['28', '87704003'],
      ['38', '74344005'],
      ['37', '863898000'],
      ['36', '866006002'],
      ['35', '24573005'],
      ['34', '2400006'],
      ['33', '860782001'],
      ['32', '423331005'],
      ['31', '425106001'],
      ['41', '424575004'],
      ['42', '423937004'],
      ['43', '860785004'],
      ['44', '80140008'],
      ['45', '8873007'],
      ['46', '866005003'],
      ['47', '863899008'],
      ['48', '38994002'],
    ] as const
  ).map(([fdi, value]) => [fdi, sct(value, toothMeaning(fdi))]),
);

/** A tooth's number as dentists use it. DICOM knows no coding scheme for FDI numbers, so the codes are Hilum's own. */
export const ToothNumber = {
  name: hilum('tooth-fdi', 'Tooth number (FDI, ISO 3950)'),
  of: (fdi: string): CodedConcept => hilum(`fdi-${fdi}`, `FDI ${fdi}`),
} as const;

/** Surfaces of a tooth (SNOMED CT, body structures). */
export const ToothSurfaces = {
  mesial: sct('8483002', 'Structure of mesial surface of tooth'),
  distal: sct('90933009', 'Structure of distal surface of tooth'),
  occlusal: sct('83473006', 'Structure of occlusal surface of tooth'),
} as const;
