/** A path that a person named leads to nothing that can be read. */
export class WrongPathError extends Error {}
