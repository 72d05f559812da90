import type { RefObject } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { Call, CallSnapshot } from '../../call';
import { inLanguage } from '../i18n/later';
import { type Dropped, useDrop } from './use-drop';
import { chatWords } from './words';

/** How long it is said that a folder is no file (ms). */
const SAID_MS = 6_000;

const words = inLanguage(chatWords);

interface DropZoneProps {
  call: Call;
  snapshot: CallSnapshot;
  stage: RefObject<HTMLElement | null>;
  onTaken(): void;
}

/** Files that are dropped on the picture or pasted go to the other person. */
export function DropZone({ call, snapshot, stage, onTaken }: DropZoneProps) {
  const [folder, setFolder] = useState(false);
  const take = useCallback(
    (dropped: Dropped) => {
      setFolder(dropped.folder);
      if (dropped.files.length === 0) return;
      void call.beside().then(({ files }) => files.send(dropped.files));
      onTaken();
    },
    [call, onTaken],
  );
  useEffect(() => {
    if (!folder) return;
    const timer = setTimeout(() => setFolder(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [folder]);
  const over = useDrop(stage, snapshot.takes.files, take);
  if (over) return <div class="drop-here">{words.drop}</div>;
  if (!folder) return null;
  return (
    <div class="drop-here folder" role="alert">
      <p>{words.folder}</p>
    </div>
  );
}
