import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** What was let go over the picture, or pasted. */
export interface Dropped {
  files: File[];
  /** A folder was among it, which no browser hands out as a file. */
  folder: boolean;
}

/** Takes files that are dropped on an element or pasted anywhere; whether some hover over it. */
export function useDrop(
  ref: RefObject<HTMLElement | null>,
  enabled: boolean,
  take: (dropped: Dropped) => void,
): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (!element || !enabled) return;
    const hover = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = 'copy';
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (!element.contains(event.relatedTarget as Node | null)) setOver(false);
    };
    const drop = (event: DragEvent) => {
      setOver(false);
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      take(droppedOf(event.dataTransfer));
    };
    const paste = (event: ClipboardEvent) => {
      const dropped = event.clipboardData && droppedOf(event.clipboardData);
      if (!dropped || dropped.files.length === 0) return;
      event.preventDefault();
      take(dropped);
    };
    element.addEventListener('dragover', hover);
    element.addEventListener('dragleave', leave);
    element.addEventListener('drop', drop);
    addEventListener('paste', paste);
    return () => {
      element.removeEventListener('dragover', hover);
      element.removeEventListener('dragleave', leave);
      element.removeEventListener('drop', drop);
      removeEventListener('paste', paste);
    };
  }, [ref, enabled, take]);
  return over && enabled;
}

function droppedOf({ items }: DataTransfer): Dropped {
  const files: File[] = [];
  let folder = false;
  for (const item of items) {
    if (item.kind !== 'file') continue;
    const file = item.getAsFile();
    if (item.webkitGetAsEntry()?.isDirectory) folder = true;
    else if (file) files.push(file);
  }
  return { files, folder };
}
