/** The entry points of the @cornerstonejs/codec-* builds and their types: the packages bring none. */
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

  /** Emscripten's module factory. The builds print; `print` and `printErr` keep that text off stdout and stderr. */
  type ModuleFactory<Module> = (options: {
    print(text: string): void;
    printErr(text: string): void;
  }) => Promise<Module>;
}

declare module '@cornerstonejs/codec-charls/decodewasmjs' {
  interface JpegLSDecoder extends Emscripten.HeapDecoder {
    /** 0: one scan per component, 1: interleaved by line, 2: interleaved by sample. */
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
