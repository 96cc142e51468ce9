/** A report as text, for reports of which nothing can be drawn. */
import { readReport } from './report-content.js';

const RESEARCH_ONLY = 'Research use only - not for clinical use';

/**
 * A report of Hilum as OHIF's own viewport for text takes it: attributes of a root container, of which it shows names, values and
 * headings. The report's own tree begins with identifiers of the device, and OHIF does not wrap its long lines.
 *
 * @param {any} instance the report's attributes
 */
export function asText(instance) {
  const { tool, nonResult, findings, remarks } = readReport(instance);
  const heading = nonResult ? `${tool}: no result` : String(instance.SeriesDescription ?? tool);
  return container(heading, [
    ...(nonResult ? [line('Outcome', nonResult.outcome)] : []),
    // The code at its end is in the list of series, in words.
    ...(nonResult && nonResult.words !== '' ? [line('Reason', nonResult.words.replace(/ \([a-z-]+\)$/, ''))] : []),
    ...findings.map(({ label, severity, summary, details }) =>
      container(label, [
        ...(summary === label ? [] : [line('Finding', summary)]),
        ...(severity === undefined ? [] : [line('Severity', severity.replaceAll('-', ' '))]),
        ...details.map(({ name, value }) => line(name, value)),
      ]),
    ),
    ...remarks.map((text) => remarkLine(text, tool)),
    line('Use', RESEARCH_ONLY),
  ]);
}

/** `Limits: …` and `Images: …` have a name already; the tool's name, version and outcome are one conclusion. */
function remarkLine(text, tool) {
  if (text.startsWith(`${tool} `)) return line('Tool', text.replace(/:.*$/s, ''));
  const [, name, value] = /^([A-Z][a-z]+): (.+)$/s.exec(text) ?? [];
  return name === undefined ? line('Note', text) : line(name, value);
}

const concept = (CodeMeaning) => ({ CodeMeaning });

const container = (heading, ContentSequence) => ({
  ValueType: 'CONTAINER',
  ContinuityOfContent: 'SEPARATE',
  ConceptNameCodeSequence: concept(heading),
  ContentSequence,
});

const line = (name, TextValue) => ({ ValueType: 'TEXT', ConceptNameCodeSequence: concept(name), TextValue });
