/** The records of all kernels, and the sizes of what they need. Each has a WASM export of the same name. */
export {};
