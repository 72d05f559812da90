/** Where the pieces of a recording go. */
export interface Sink {
  write(piece: Blob): Promise<void>;
  /** All has been written: the file, where it has to be saved yet. */
  close(): Promise<Blob | null>;
}

/** The part of a FileSystemWritableFileStream that is needed. */
export interface Writable {
  write(data: Blob): Promise<void>;
  close(): Promise<void>;
}

/** Writes to a file that the person has chosen, as it comes. */
export function fileSink(file: Writable): Sink {
  return {
    write: (piece) => file.write(piece),
    async close() {
      await file.close();
      return null;
    },
  };
}

/** Keeps the pieces, which the browser may move to the disk, until they are saved as one file. */
export function memorySink(type: string): Sink {
  const pieces: Blob[] = [];
  return {
    async write(piece) {
      pieces.push(piece);
    },
    close: async () => new Blob(pieces, { type }),
  };
}
