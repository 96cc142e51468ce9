/**
 * A result as a page for people. From the page alone it is plain which study and images it belongs to, what was found, where and how sure, or
 * why there is no answer, and that it is for research only. It names the tool and never the patient.
 */
import { createHash } from 'node:crypto';
import type { Report } from '../tool.ts';
import { CERTAINTY_LEGEND } from './certainty.ts';
import { inputsOf, instanceOf, objectUid, RESEARCH_ONLY, type ResultData, type Role } from './common.ts';
import { leftOutSentences } from './left-out.ts';
import { outcomeInWords } from './outcome-in-words.ts';
import { chipOf, tableOf } from './page-findings.ts';
import { Flow, heightOf, layOutBox, layOutChip, layOutTable, MARGIN, WIDTH } from './page-flow.ts';
import { layOutPictures } from './page-pictures.ts';
import { encodePdf, lineWidth, PAGE, type PdfColor, type PdfMark } from './pdf-file.ts';
import { remarkSentences } from './remarks.ts';
import { SEVERITIES } from './severity.ts';
import { imagesInWords, studyInWords } from './source-in-words.ts';
import type { SourceStudy } from './source-study.ts';

const GAP = 8;
/** Of what a reader must know about the method: below the pictures, in smaller letters. */
const NOTE_SIZE = 9;
const RED: PdfColor = [0.75, 0, 0];
const GREY: PdfColor = [0.35, 0.35, 0.35];
const RULE: PdfColor = [0.7, 0.7, 0.7];
const PALE: PdfColor = [0.96, 0.96, 0.97];
/** Of the box of a non-result: nobody may take it for an answer. */
const AMBER: PdfColor = [0.85, 0.5, 0];
const PALE_AMBER: PdfColor = [1, 0.95, 0.86];
/** Pictures that a page shows where the tool does not choose them. */
const MOST_PICTURES = 4;

type PageReport = Extract<Report, { readonly kind: 'page' }>;

/** The page of a result whose tool brings no report. Its title is not the tool's name alone: that may be the name of a disease. */
export function defaultReport({ metadata, keyImages }: ResultData): PageReport {
  return {
    kind: 'page',
    title: `${metadata.tool.label}: ${outcomeInWords(metadata)?.heading.toLowerCase() ?? 'result'}`,
    paragraphs: [],
    pictures: keyImages.slice(0, MOST_PICTURES).map((_, index) => index),
  };
}

/** The report as PDF: one A4 page, or more if the text needs them. */
export function reportPdf(result: ResultData, source: SourceStudy, report: PageReport, role: Role): Uint8Array {
  const id = createHash('sha256')
    .update(objectUid(result, source, role))
    .digest('hex')
    .slice(0, 32);
  return encodePdf({ title: report.title, id, pages: layOut(result, source, report) });
}

function layOut(result: ResultData, source: SourceStudy, report: PageReport): readonly (readonly PdfMark[])[] {
  const flow = new Flow();
  flow.text({ text: report.title, size: 18, bold: true });
  flow.text({ text: RESEARCH_ONLY, size: 12, bold: true, color: RED });
  flow.gap(GAP);
  layOutBox(flow, belongsTo(result, source), { fill: PALE, edge: RULE });
  flow.gap(GAP);
  layOutAnswer(flow, result);
  for (const sentence of remarkSentences(result.metadata)) {
    flow.gap(GAP / 2);
    flow.text({ text: sentence, size: 10, bold: true });
  }
  const [lead, ...notes] = report.paragraphs.filter((text) => !isSaid(text, result));
  if (lead !== undefined) {
    flow.gap(GAP / 2);
    flow.text({ text: lead, size: 10 });
  }
  layOutFindings(flow, result, source, report);
  flow.gap(GAP);
  const below = [...notes, ...limitsOf(result)];
  layOutPictures(flow, picturesOf(result, source, report), heightOfNotes(below));
  flow.gap(GAP / 2);
  for (const text of below) {
    flow.gap(GAP / 2);
    flow.text({ text, size: NOTE_SIZE });
  }
  return flow.pages.map((page, index, { length }) => [...page, ...footer(result, index + 1, length)]);
}

/** Which study and images the page is about. */
function belongsTo(result: ResultData, source: SourceStudy) {
  const inputs = inputsOf(result, source);
  return [
    { text: 'Belongs to', size: 8, color: GREY },
    { text: studyInWords(source), size: 10, bold: true },
    { text: imagesInWords(inputs), size: 10 },
  ];
}

/** What was found in one sentence, or that there is no answer and why. */
function layOutAnswer(flow: Flow, result: ResultData): void {
  const { metadata } = result;
  const words = outcomeInWords(metadata);
  if (words === undefined) {
    const [worst] = result.findings;
    const bar = worst && chipOf(worst);
    const text = withStop(ownSummary(metadata));
    layOutBox(flow, [{ text, size: 12, bold: true }], { fill: PALE, edge: RULE, ...(bar && { bar }) });
    return;
  }
  const { heading, sentence } = words;
  const reason = withStop(metadata.reason?.message ?? ownSummary(metadata));
  layOutBox(
    flow,
    [
      { text: heading, size: 16, bold: true, color: AMBER },
      { text: reason, size: 12, bold: true },
      { text: sentence, size: 11 },
    ],
    { fill: PALE_AMBER, edge: AMBER, bar: AMBER },
  );
}

/** The summary without the sentences on images that were left out, which the page has below. */
function ownSummary(metadata: ResultData['metadata']): string {
  const others = leftOutSentences(metadata).join(' ');
  return others === '' ? metadata.summary : metadata.summary.replace(others, '').trim();
}

const withStop = (text: string): string => text.replace(/(?<![.!?])$/, '.');

const isSaid = (paragraph: string, { metadata }: ResultData): boolean =>
  withStop(paragraph) === withStop(ownSummary(metadata));

/** The table, and what its colours and certainties mean. */
function layOutFindings(flow: Flow, result: ResultData, source: SourceStudy, report: PageReport): void {
  const table = tableOf(result, source, report.table);
  if (table === undefined) return;
  flow.gap(GAP);
  layOutTable(flow, table);
  flow.gap(GAP / 2);
  const occurring = Object.entries(SEVERITIES).filter(([name]) =>
    result.findings.some(({ severity }) => severity === name),
  );
  if (occurring.length > 0) {
    const y = flow.take(13) + 9;
    let x = MARGIN;
    for (const [severity, { word }] of occurring) {
      const chip = chipOf(result.findings.find((one) => one.severity === severity) ?? {});
      if (chip) layOutChip(flow, x, y, chip);
      flow.put({ kind: 'text', x: x + 11, y, size: 8, color: GREY, text: word });
      x += 11 + lineWidth(word, 8) + 16;
    }
  }
  if (result.findings.some(({ certainty }) => certainty !== undefined))
    flow.text({ text: CERTAINTY_LEGEND, size: 8, color: GREY });
}

function picturesOf(result: ResultData, source: SourceStudy, { pictures }: PageReport) {
  const byUid = new Map(source.instances.map((instance) => [instance.SOPInstanceUID, instance]));
  return pictures
    .flatMap((index) => result.keyImages[index] ?? [])
    .map(({ title, sources, ...image }) => ({
      ...image,
      caption: [title, imagesInWords(sources.map((uid) => instanceOf(byUid, uid)))]
        .filter((text) => text !== '')
        .join('. '),
    }));
}

/** With the gaps between them. */
function heightOfNotes(notes: readonly string[]): number {
  return notes.reduce((sum, text) => sum + heightOf({ text, size: NOTE_SIZE }) + GAP / 2, GAP / 2);
}

function limitsOf({ metadata: { tool, outcome } }: ResultData): readonly string[] {
  return [
    ...(outcome === 'result' ? [] : [`What the tool is for: ${tool.purpose}`]),
    ...(tool.limits === '' ? [] : [`Limits: ${tool.limits}`]),
  ];
}

/** The origin of the report, on every page. */
function footer(
  { metadata: { tool, version, inputDigest } }: ResultData,
  page: number,
  of: number,
): readonly PdfMark[] {
  const models = tool.models.map(({ id, version: its, sha256 }) => `${id} ${its} (${sha256.slice(0, 12)})`).join(', ');
  const top = PAGE.height - 52;
  const lines = [
    `Made by Hilum: ${tool.label} ${version}; input ${inputDigest.slice(0, 12)}`,
    ...(models ? [`Models: ${models}`] : []),
  ];
  const pageNumber = `Page ${page} of ${of}`;
  const right = MARGIN + WIDTH - lineWidth(pageNumber, 8);
  return [
    { kind: 'line', x: MARGIN, y: top - 12, width: WIDTH },
    ...lines.map(
      (text, index): PdfMark => ({ kind: 'text', x: MARGIN, y: top + index * 11, size: 8, color: GREY, text }),
    ),
    { kind: 'text', x: right, y: top + 24, size: 8, color: GREY, text: pageNumber },
    { kind: 'text', x: MARGIN, y: top + 24, size: 9, bold: true, color: RED, text: RESEARCH_ONLY },
  ];
}
