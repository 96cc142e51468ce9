/** The WebAssembly builds of the codecs; the packages bring no types. */
declare module '@cornerstonejs/codec-charls/decodewasmjs' {
  const factory: import('./emscripten.ts').ModuleFactory<{
    JpegLSDecoder: new () => import('./emscripten.ts').HeapDecoder;
  }>;
  export default factory;
}
declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  const factory: import('./emscripten.ts').ModuleFactory<{
    J2KDecoder: new () => import('./emscripten.ts').HeapDecoder;
  }>;
  export default factory;
}
declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  const factory: import('./emscripten.ts').ModuleFactory<{
    JPEGDecoder: new () => import('./emscripten.ts').HeapDecoder;
  }>;
  export default factory;
}
