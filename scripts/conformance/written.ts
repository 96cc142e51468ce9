/** The attributes of Hilum's objects, found by converting hand-built results on phantoms of every kind of source. */
import { isEmpty } from '#core/gate/attribute-values.ts';
import { RESULT_SOP_CLASSES } from '#core/results/sop-classes.ts';
import { REJECTIONS, REPLACING, RESULTS } from '../../test/fixtures/judged-results.ts';
import { withNonResults } from '../../test/fixtures/results.ts';

/** Top-level attributes of each SOP Class, grouped by whether they always, sometimes or never have a value. */
export function attributesWritten(): string {
  const objects = [
    ...[...RESULTS.flatMap(withNonResults), ...REPLACING].flatMap(({ result, source }) => result.toDicom(source)),
    ...REJECTIONS.map(({ note }) => note),
  ];
  return RESULT_SOP_CLASSES.map(({ name, SOPClassUID }) => {
    const written = objects.filter((object) => object.SOPClassUID === SOPClassUID).map(({ attributes }) => attributes);
    const keywords = [...new Set(written.flatMap((attributes) => Object.keys(attributes)))].sort();
    const withValue = (keyword: string): number => written.filter((one) => !isEmpty(one[keyword])).length;
    const always = keywords.filter((keyword) => withValue(keyword) === written.length);
    const empty = keywords.filter((keyword) => withValue(keyword) === 0);
    const sometimes = keywords.filter((keyword) => !always.includes(keyword) && !empty.includes(keyword));
    const list = (what: string, some: readonly string[]): string =>
      some.length === 0 ? '' : `\n- ${what}: ${some.join(', ')}`;
    return `**${name}**\n${list('always', always)}${list('sometimes', sometimes)}${list('empty', empty)}`;
  }).join('\n\n');
}
