/** Where files go that come: straight to a place that the person chooses, or first to the page's own store. */
import type { Reason } from './wire';

/** One file that is being written. */
export interface Destination {
  /** Writes at a place (bytes from the beginning). */
  write(at: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Ends the file; what is to be handed to the person, or `null` if it is where they wanted it. */
  finish(): Promise<File | null>;
  /** Throws away what is there. */
  discard(): Promise<void>;
}

/** Why there is no place: `dismissed` by the person, or larger than this browser can take. */
export type NoPlace = 'dismissed' | 'too-large' | Extract<Reason, 'disk-full' | 'unwritable'>;

/** Finds places for files; a browser's own, or those of a test or another shell. */
export interface Saver {
  /** To be called when the person presses something: the browser may ask them for a place. */
  open(file: { id: string; name: string; size: number }): Promise<Destination | NoPlace>;
}

/** What a browser without files of its own can take, since it has to hold it in memory (bytes). */
export const MOST_IN_MEMORY = 268_435_456;

type SavePicker = (options: { suggestedName: string }) => Promise<FileSystemFileHandle>;

/** Uses what this browser has. `page` names the page's part of the store. */
export function browserSaver(page: string): Saver {
  let store: Promise<FileSystemDirectoryHandle | null> | null = null;
  return {
    async open({ id, name, size }) {
      const { showSaveFilePicker } = globalThis as { showSaveFilePicker?: SavePicker };
      if (showSaveFilePicker) {
        try {
          const handle = await showSaveFilePicker({ suggestedName: name });
          return inPlace(await handle.createWritable());
        } catch (error) {
          if (nameOf(error) === 'AbortError') return 'dismissed';
          // Forbidden here, inside another site's page for instance: there are other ways.
        }
      }
      store ??= openStore(page);
      const folder = await store;
      if (!folder) return size > MOST_IN_MEMORY ? 'too-large' : inMemory(name);
      try {
        const { quota = Number.POSITIVE_INFINITY, usage = 0 } = await navigator.storage.estimate();
        if (size > quota - usage) return 'disk-full';
        const handle = await folder.getFileHandle(id, { create: true });
        return inStore(folder, handle, await handle.createWritable(), name);
      } catch (error) {
        return reasonOf(error);
      }
    },
  };
}

/** What an error of writing means. */
export function reasonOf(error: unknown): Extract<Reason, 'disk-full' | 'unwritable'> {
  return nameOf(error) === 'QuotaExceededError' ? 'disk-full' : 'unwritable';
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

function inPlace(writable: FileSystemWritableFileStream): Destination {
  return {
    write: (position, data) => writable.write({ type: 'write', position, data }),
    async finish() {
      await writable.close();
      return null;
    },
    discard: () => writable.abort(),
  };
}

function inStore(
  folder: FileSystemDirectoryHandle,
  handle: FileSystemFileHandle,
  writable: FileSystemWritableFileStream,
  name: string,
): Destination {
  return {
    ...inPlace(writable),
    async finish() {
      await writable.close();
      const file = await handle.getFile();
      // A name without bytes of its own: they stay where they are.
      return new File([file], name);
    },
    async discard() {
      await writable.abort();
      await folder.removeEntry(handle.name);
    },
  };
}

function inMemory(name: string): Destination {
  const pieces = new Map<number, Blob>();
  return {
    // The browser may put a Blob aside; an array would stay in memory.
    write: async (at, bytes) => void pieces.set(at, new Blob([bytes])),
    async finish() {
      const inOrder = [...pieces].sort(([a], [b]) => a - b).map(([, piece]) => piece);
      return new File(inOrder, name);
    },
    discard: async () => pieces.clear(),
  };
}

const FOLDER = 'twocan-files';

/** The page's own folder, which nobody else clears as long as the page is there; `null` if the browser has no store. */
async function openStore(page: string): Promise<FileSystemDirectoryHandle | null> {
  try {
    const root = await navigator.storage.getDirectory();
    const all = await root.getDirectoryHandle(FOLDER, { create: true });
    // Held until the page goes.
    await new Promise<void>((held) => {
      void navigator.locks.request(`${FOLDER} ${page}`, () => {
        held();
        return new Promise(() => {});
      });
    });
    const folder = await all.getDirectoryHandle(page, { create: true });
    const probe = await folder.getFileHandle('probe', { create: true });
    if (!('createWritable' in probe)) return null;
    await folder.removeEntry('probe');
    void clearAbandoned(all);
    return folder;
  } catch {
    return null;
  }
}

/** Removes what pages have left that are gone. */
async function clearAbandoned(all: FileSystemDirectoryHandle): Promise<void> {
  for await (const name of all.keys()) {
    await navigator.locks.request(`${FOLDER} ${name}`, { ifAvailable: true }, async (lock) => {
      // One that cannot be removed is tried again next time.
      if (lock) await all.removeEntry(name, { recursive: true }).catch(() => {});
    });
  }
}
