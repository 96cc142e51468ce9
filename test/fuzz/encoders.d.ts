/** The builds of @cornerstonejs/codec-* that encode too, which only the fuzzer's seeds need. */
declare module '@cornerstonejs/codec-charls/wasmjs' {
  const factory: Emscripten.ModuleFactory<{ JpegLSEncoder: new () => Emscripten.HeapEncoder }>;
  export default factory;
}
declare module '@cornerstonejs/codec-openjpeg/wasmjs' {
  const factory: Emscripten.ModuleFactory<{ J2KEncoder: new () => Emscripten.HeapEncoder }>;
  export default factory;
}
declare namespace Emscripten {
  /** An encoder instance in Emscripten's heap; buffers are views on that heap, valid until the next call. */
  interface HeapEncoder {
    getDecodedBuffer(frame: FrameInfo & { readonly isUsingColorTransform: boolean }): Uint8Array;
    setDecompositions?(count: number): void;
    encode(): void;
    getEncodedBuffer(): Uint8Array;
    delete(): void;
  }
}
