/** A path on the command line leads to nothing that can be read. */
export class WrongPathError extends Error {}
