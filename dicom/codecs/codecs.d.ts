/** What the @cornerstonejs/codec-* builds are, and the types of their entry points; the packages bring none. */
declare namespace Emscripten {
  interface FrameInfo {
    readonly width: number;
    readonly height: number;
    readonly bitsPerSample: number;
    readonly componentCount: number;
    readonly isSigned?: boolean;
  }

  /** A decoder instance in Emscripten's heap; buffers are views on that heap, valid until the next call. */
  interface HeapDecoder {
    getEncodedBuffer(length: number): Uint8Array;
    decode(): void;
    getDecodedBuffer(): Uint8Array;
    getFrameInfo(): FrameInfo;
    delete(): void;
  }

  /** Emscripten's module factory. The builds print; `print` and `printErr` swallow what would go to stdout and stderr. */
  type ModuleFactory<Module> = (options: {
    print(text: string): void;
    printErr(text: string): void;
  }) => Promise<Module>;
}

declare module '@cornerstonejs/codec-charls/decodewasmjs' {
  interface JpegLSDecoder extends Emscripten.HeapDecoder {
    /** 0: a scan for each component, 1: by lines, 2: by samples. */
    getInterleaveMode(): number;
  }
  const factory: Emscripten.ModuleFactory<{ JpegLSDecoder: new () => JpegLSDecoder }>;
  export default factory;
}
declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  const factory: Emscripten.ModuleFactory<{ J2KDecoder: new () => Emscripten.HeapDecoder }>;
  export default factory;
}
declare module '@cornerstonejs/codec-openjph/wasmjs' {
  const factory: Emscripten.ModuleFactory<{ HTJ2KDecoder: new () => Emscripten.HeapDecoder }>;
  export default factory;
}
declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  const factory: Emscripten.ModuleFactory<{ JPEGDecoder: new () => Emscripten.HeapDecoder }>;
  export default factory;
}
