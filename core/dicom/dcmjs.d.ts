/** The part of dcmjs 0.52 that `core/dicom` uses; the package brings no types. */
declare module 'dcmjs' {
  /** One element as `DicomMessage.readFile` leaves it: values as an array, sequences as arrays of data sets by tag. */
  interface DcmjsElement {
    readonly vr: string;
    readonly Value: readonly unknown[];
  }
  /** Elements by tag, eight upper-case hexadecimal digits. */
  type DcmjsDataset = Readonly<Record<string, DcmjsElement>>;
  interface DcmjsDictionaryEntry {
    /** `(gggg,eeee)`, upper case. */
    readonly tag: string;
    /** A VR, or dcmjs's `ox` (OB or OW), `xs` (US or SS), `lt` (US, SS or OW), `up` (UL), `na` (item delimiters). */
    readonly vr: string;
    readonly vm: string;
  }
  const dcmjs: {
    readonly data: {
      readonly DicomMessage: {
        readFile(
          buffer: ArrayBuffer,
          options: { readonly ignoreErrors: boolean; readonly noCopy: boolean },
        ): { readonly meta: DcmjsDataset; readonly dict: DcmjsDataset };
      };
      readonly DicomMetaDictionary: { readonly nameMap: Readonly<Record<string, DcmjsDictionaryEntry | undefined>> };
    };
    readonly log: { setLevel(level: 'silent', persist: boolean): void };
  };
  export default dcmjs;
}
