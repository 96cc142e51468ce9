/** The findings of a result as a table for people: worst first, each with its colour, its images and its certainty. */
import type { FrameReference } from '../image/frame-reference.ts';
import type { Finding, ReportTable } from '../tool.ts';
import { certaintyInWords } from './certainty.ts';
import { framesOf, inputsOf, type ResultData } from './common.ts';
import type { LaidTable } from './page-flow.ts';
import type { PdfColor } from './pdf-file.ts';
import { SEVERITIES } from './severity.ts';
import { framesInWords } from './source-in-words.ts';
import type { SourceStudy } from './source-study.ts';

/** The colour of a severity on a page. */
export const chipOf = ({ severity }: Pick<Finding, 'severity'>): PdfColor | undefined => {
  if (severity === undefined) return undefined;
  const [red, green, blue] = SEVERITIES[severity].rgb;
  return [red / 255, green / 255, blue / 255];
};

/** The tool's own table, or one of all findings; undefined where there is none to show. */
export function tableOf(result: ResultData, source: SourceStudy, own?: ReportTable): LaidTable | undefined {
  const { findings } = result;
  if (own === undefined && findings.length === 0) return undefined;
  const { header, rows, findings: ids = [] } = own ?? tableOfFindings(findings);
  const byId = new Map(findings.map((finding) => [finding.id, finding]));
  const shown = rows.map((cells, index) => ({ cells, finding: byId.get(ids[index] ?? '') }));
  const where = placesOf(result, source);
  const further = [
    { title: 'Where', cellOf: where },
    {
      title: 'Certainty',
      cellOf: ({ certainty }: Finding) => (certainty === undefined ? '' : certaintyInWords(certainty)),
    },
  ].filter(({ cellOf }) => shown.some(({ finding }) => finding && cellOf(finding) !== ''));
  return {
    header: [...header, ...further.map(({ title }) => title)],
    rows: shown.map(({ cells, finding }) => ({
      cells: [...cells, ...further.map(({ cellOf }) => (finding ? cellOf(finding) : ''))],
      chip: finding && chipOf(finding),
    })),
  };
}

function tableOfFindings(findings: readonly Finding[]): Required<ReportTable> {
  return {
    header: ['Finding', 'What was found', 'Measurements'],
    rows: findings.map(({ id, label, summary, measurements }) => [
      label ?? id,
      summary,
      measurements
        .map(({ name, value, unit }) => `${name.meaning} ${Number(value.toPrecision(3))}${unitOf(unit.value)}`)
        .join(', '),
    ]),
    findings: findings.map(({ id }) => id),
  };
}

/** UCUM writes no unit as `1`. */
const unitOf = (unit: string): string => (unit === '1' ? '' : ` ${unit}`);

/**
 * Where in the study a finding is drawn or outlined: `image 45`, or `images 40 to 52`. Empty where it is nowhere in particular, or where the
 * result rests on one image only.
 */
function placesOf(result: ResultData, source: SourceStudy): (finding: Finding) => string {
  const inputs = inputsOf(result, source);
  const byUid = new Map(inputs.map((instance) => [instance.SOPInstanceUID, instance]));
  const isOneSeries = new Set(inputs.map(({ SeriesInstanceUID }) => SeriesInstanceUID)).size === 1;
  const isOneImage = framesOf(inputs).length === 1;
  return ({ segmentNumber, regions = [] }) => {
    const outlined = result.segments.find(({ number }) => number === segmentNumber)?.frames ?? [];
    const frames: readonly FrameReference[] = regions.length > 0 ? regions : outlined;
    return isOneImage ? '' : framesInWords(frames, byUid, isOneSeries);
  };
}
