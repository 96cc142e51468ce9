/** Types of the parts of dcmjs 0.52 that Hilum uses; the package has none. */
declare module 'dcmjs/dictionary' {
  export interface DcmjsDictionaryEntry {
    /** `(gggg,eeee)`; `(gggg-gggg,eeee)` for repeating groups; `(gggg,"creator",ee)` for private attributes. */
    readonly tag: string;
    /** A VR, or dcmjs's `ox` (OB or OW), `xs` (US or SS), `lt` (US, SS or OW), `up` (UL), `na` (item delimiters). */
    readonly vr: string;
    readonly vm: string;
    /** The keyword, with the prefix `RETIRED_` where the standard has retired it. */
    readonly name: string;
  }
  export const dictionary: Readonly<Record<string, DcmjsDictionaryEntry>>;
}

/** The parser, used in tests only as a second opinion on our reader. */
declare module 'dcmjs' {
  interface DcmjsElement {
    readonly vr: string;
    readonly Value: readonly unknown[];
  }
  const dcmjs: {
    readonly data: {
      readonly DicomMessage: {
        readFile(
          buffer: ArrayBuffer,
          options: { readonly ignoreErrors: boolean; readonly noCopy: boolean },
        ): { readonly dict: Readonly<Record<string, DcmjsElement>> };
      };
    };
    readonly log: { setLevel(level: 'silent', persist: boolean): void };
  };
  export default dcmjs;
}
