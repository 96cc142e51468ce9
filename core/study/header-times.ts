/**
 * Times of a header as seconds after the study's own time. The index holds no dates and no times of day (PS3.15 Annex E), and what
 * tells two scans of one series apart is their order and the pause between them.
 */
import type { Dataset } from '#dicom/read.ts';

/** Date Time (PS3.5 6.2): date, then time of day to the microsecond. An offset from UTC is the same in all images of a series. */
const DATE_TIME = /^(\d{8})(\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)/;
const DATE = /^(\d{4})[.-]?(\d{2})[.-]?(\d{2})$/;
/** Time, also as ACR-NEMA wrote it, with colons (PS3.5 6.2). */
const TIME = /^(\d{2})(?::?(\d{2})(?::?(\d{2}(?:\.\d{1,6})?))?)?$/;
const DAY_S = 86_400;

interface Moment {
  /** Days since 1970; undefined where no date is stated. */
  readonly day: number | undefined;
  readonly seconds: number;
}

/** Study Time, or Series Time where the study has none; undefined where neither is a time. */
function startOf(dataset: Dataset): Moment | undefined {
  return momentOf(dataset, 'StudyDate', 'StudyTime') ?? momentOf(dataset, 'SeriesDate', 'SeriesTime');
}

/**
 * Seconds from the study's time to the acquisition of the image, and to the start of its pixel data: Acquisition DateTime or
 * Acquisition Time, and Content Time (PS3.3 C.7.6.1, C.8.2.1). Absent where either is missing or no time. A time without a date is
 * of the study's day.
 */
export function offsetsOf(dataset: Dataset): { readonly acquisition?: number; readonly content?: number } {
  const start = startOf(dataset);
  if (start === undefined) return {};
  const acquired =
    dateTimeOf(dataset, 'AcquisitionDateTime') ?? momentOf(dataset, 'AcquisitionDate', 'AcquisitionTime');
  const made = momentOf(dataset, 'ContentDate', 'ContentTime');
  return {
    ...(acquired && { acquisition: secondsBetween(start, acquired) }),
    ...(made && { content: secondsBetween(start, made) }),
  };
}

/** The same for the acquisition of a frame, by the Frame Content of the dataset's functional groups (C.7.6.16.2.2). */
export function frameOffsets(dataset: Dataset): (content: Dataset | undefined) => number | undefined {
  const start = startOf(dataset);
  return (content) => {
    const acquired = content && dateTimeOf(content, 'FrameAcquisitionDateTime');
    return start && acquired && secondsBetween(start, acquired);
  };
}

/** To the millisecond. */
function secondsBetween(start: Moment, end: Moment): number {
  const days = start.day === undefined || end.day === undefined ? 0 : end.day - start.day;
  return Math.round((days * DAY_S + end.seconds - start.seconds) * 1000) / 1000;
}

function dateTimeOf(dataset: Dataset, keyword: string): Moment | undefined {
  const [, date = '', time = ''] = DATE_TIME.exec(dataset.text(keyword)?.trim() ?? '') ?? [];
  return moment(date, time);
}

function momentOf(dataset: Dataset, date: string, time: string): Moment | undefined {
  return moment(dataset.text(date)?.trim() ?? '', dataset.text(time)?.trim() ?? '');
}

function moment(date: string, time: string): Moment | undefined {
  const [, hours, minutes = '0', seconds = '0'] = TIME.exec(time) ?? [];
  if (hours === undefined) return undefined;
  const [, year, month, day] = DATE.exec(date) ?? [];
  return {
    day: year === undefined ? undefined : Date.UTC(Number(year), Number(month) - 1, Number(day)) / (DAY_S * 1000),
    seconds: Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds),
  };
}
