/** The dates and times that results state. */

/** A date and a time of day as DICOM writes them (PS3.5 6.2), without fractions of a second. */
export interface LocalTime {
  /** `YYYYMMDD` */
  readonly date: string;
  /** `HHMMSS` */
  readonly time: string;
}

export interface ResultTimes {
  /** When the answer was first stored: Content Date and Time, Series Date and Time. */
  readonly content: LocalTime;
  /** When it was decided that these objects are made: Instance Creation Date and Time. */
  readonly creation: LocalTime;
}

/** Two moments (ISO 8601, with an offset), and the site's time zone. */
export interface Moments {
  readonly content: string;
  readonly creation: string;
  /** IANA name. */
  readonly timeZone: string;
}

/**
 * The moments as the clock on the wall shows them there: at the source's Timezone Offset From UTC where it gives one, else at the site.
 *
 * Timezone Offset From UTC (PS3.3 C.12.1.1.8) holds for all dates and times of an object, those of patient and study among them. It is
 * therefore written only where the source has it: elsewhere it would say of the source's times what nobody knows.
 */
export function timesOf({ content, creation, timeZone }: Moments, sourceOffset: string | undefined): ResultTimes {
  const offset = offsetMs(sourceOffset ?? '');
  const local = (moment: string): LocalTime => {
    const ms = Date.parse(moment);
    return offset === undefined ? inZone(ms, timeZone) : inUtc(ms + offset);
  };
  return { content: local(content), creation: local(creation) };
}

const MINUTE_MS = 60_000;

/** `&ZZXX`, from -1200 to +1400 (PS3.3 C.12.1.1.8); undefined for other texts. */
function offsetMs(text: string): number | undefined {
  const [, sign, hours, minutes] = /^([+-])(0\d|1[0-4])([0-5]\d)$/.exec(text) ?? [];
  if (sign === undefined) return undefined;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * MINUTE_MS;
}

function inUtc(ms: number): LocalTime {
  const [date = '', time = ''] = new Date(ms).toISOString().split('T');
  return { date: date.replaceAll('-', ''), time: time.slice(0, 8).replaceAll(':', '') };
}

function inZone(ms: number, timeZone: string): LocalTime {
  const two = '2-digit';
  const format = new Intl.DateTimeFormat('en-US-u-ca-iso8601-nu-latn', {
    ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: two, day: two, hour: two, minute: two, second: two },
  });
  const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  const join = (...types: readonly Intl.DateTimeFormatPartTypes[]) => types.map((type) => parts.get(type)).join('');
  return { date: join('year', 'month', 'day'), time: join('hour', 'minute', 'second') };
}

/** Whether it is a time zone by its IANA name, e.g. `Europe/Berlin`. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})$/;

/** Whether a text is a moment in ISO 8601 with its offset from UTC: without one, it means another moment in every zone. */
export const isMoment = (text: string): boolean => ISO.test(text) && Number.isFinite(Date.parse(text));
