/** What the frames of enhanced images claim to be (PS3.3 C.8.15.3, C.8.16.2). */
import { describe, expect, it } from 'vitest';
import { claimsOf, judgeClaims } from '#core/study/claims.ts';
import { groupImages } from '#core/study/images.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import type { Attributes } from '#dicom/write.ts';
import { enhanced, section } from '../fixtures/cross-sections.ts';

describe('the frames of an enhanced CT', () => {
  const frameType = (more: Attributes): Attributes => ({
    CTImageFrameTypeSequence: [{ FrameType: ['DERIVED', 'PRIMARY', 'VOLUME', 'NONE'], ...more }],
  });
  const code = (CodeValue: string): Attributes[] => [{ CodeValue, CodingSchemeDesignator: 'DCM', CodeMeaning: 'x' }];
  const unit = [{ CodeValue: 'mg/mL', CodingSchemeDesignator: 'UCUM', CodeMeaning: 'mg/mL' }];

  it.each<[string, Attributes, string]>([
    ['technique', frameType({ VolumeBasedCalculationTechnique: 'MAX_IP' }), 'projection'],
    ['rendering', frameType({ VolumeBasedCalculationTechnique: 'VOLUME_RENDER' }), 'rendering'],
    ['curve', frameType({ VolumeBasedCalculationTechnique: 'CURVED_MPR' }), 'curved'],
    ['sampling', frameType({ VolumetricProperties: 'SAMPLED' }), 'projection'],
    ['distortion', frameType({ VolumetricProperties: 'DISTORTED' }), 'curved'],
    ['type', frameType({ FrameType: ['DERIVED', 'PRIMARY', 'VOLUME', 'MINIMUM'] }), 'projection'],
    ['derivation', { DerivationImageSequence: [{ DerivationCodeSequence: code('113062') }] }, 'subtraction'],
    ['units', { RealWorldValueMappingSequence: [{ MeasurementUnitsCodeSequence: unit }] }, 'other-units'],
    ['energy', { MultienergyCTProcessingSequence: [{ MonoenergeticEnergyEquivalent: 40 }] }, 'monoenergetic'],
  ])('are refused for their %s', (_, groups, kind) => {
    const frames = [0, 1, 2].map((k) => ({ ...section(k), groups }));
    const [image] = groupImages({ StudyInstanceUID: '1', instances: [indexInstance(enhanced(frames))] });
    if (image === undefined) throw new Error('The object makes no image');

    expect([...claimsOf(image)]).toContain(kind);
    expect(judgeClaims(image, [], new Set())).toMatchObject({ code: 'not-the-scan' });
  });

  it.each<[string, Attributes]>([
    ['a reformat', frameType({ VolumeBasedCalculationTechnique: 'MPR' })],
    ['a sampled reformat', frameType({ VolumetricProperties: 'SAMPLED', VolumeBasedCalculationTechnique: 'MPR' })],
    ['a volume', frameType({ VolumetricProperties: 'VOLUME', VolumeBasedCalculationTechnique: 'NONE' })],
    ['at 70 keV', { MultienergyCTProcessingSequence: [{ MonoenergeticEnergyEquivalent: 70 }] }],
  ])('are taken: %s', (_, groups) => {
    const frames = [0, 1, 2].map((k) => ({ ...section(k), groups }));
    const [image] = groupImages({ StudyInstanceUID: '1', instances: [indexInstance(enhanced(frames))] });

    expect(image && judgeClaims(image, [], new Set())).toBeUndefined();
  });

  it('do not answer for each other', () => {
    const frames = [0, 1, 2, 3].map((k) => ({
      ...section(k),
      groups: k < 2 ? {} : frameType({ FrameType: ['DERIVED', 'PRIMARY', 'VOLUME', 'MAXIMUM'] }),
    }));
    const images = groupImages({ StudyInstanceUID: '1', instances: [indexInstance(enhanced(frames))] });

    expect(images.map((image) => judgeClaims(image, [], new Set())?.code)).toEqual([undefined, 'not-the-scan']);
  });
});
