import dot from 'lucide-static/icons/circle-dot.svg?raw';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Call, type Format, recordingFormat, type Writable } from '../../call';
import { inLanguage } from '../i18n/later';
import type { MenuItem } from '../menu/menu';
import { recordingWords } from './words';

const words = inLanguage(recordingWords);

/** So long it is said that a recording is saved (ms). */
const NEWS_MS = 6_000;

/** What the person has to know of it; `saved` passes. */
export type RecordingNews = 'saved' | 'failed' | 'impossible';

/** Records the call to a file, until it is stopped or the call is over. */
export function useRecording(call: Call) {
  /** Since when, of `performance.now()`. */
  const [since, setSince] = useState<number | null>(null);
  const [news, setNews] = useState<RecordingNews | null>(null);
  const ending = useRef<(() => Promise<void>) | null>(null);
  const beginning = useRef(false);
  const gone = useRef(false);

  const stop = async (how: RecordingNews = 'saved') => {
    const end = ending.current;
    ending.current = null;
    if (!end) return;
    setSince(null);
    call.setRecording(false);
    removeEventListener('beforeunload', askToStay);
    try {
      await end();
      setNews(how);
    } catch {
      setNews('failed');
    }
  };

  const begin = async (format: Format) => {
    setNews(null);
    const name = `${words.fileName(localTime(new Date()))}${format.extension}`;
    const file = await chooseFile(name, format);
    if (file === 'none') return;
    try {
      const { record } = await import('./film');
      if (gone.current) return;
      ending.current = record(call, format, { name, file }, () => void stop('failed'));
    } catch {
      return setNews('impossible');
    }
    setSince(performance.now());
    call.setRecording(true);
    addEventListener('beforeunload', askToStay);
  };

  const start = async (format: Format) => {
    if (beginning.current || ending.current) return;
    beginning.current = true;
    await begin(format).finally(() => {
      beginning.current = false;
    });
  };

  useEffect(() => {
    if (news !== 'saved') return;
    const timer = setTimeout(() => setNews(null), NEWS_MS);
    return () => clearTimeout(timer);
  }, [news]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the last thing of all, whatever has changed since
  useEffect(
    () => () => {
      gone.current = true;
      void stop();
    },
    [],
  );

  const format = recordingFormat();
  const item: MenuItem | null = format && {
    icon: dot,
    label: words.record,
    checked: since !== null,
    onSelect: () => void (since === null ? start(format) : stop()),
  };
  return { since, news, item, stop: () => void stop(), dismiss: () => setNews(null) };
}

/** What {@link useRecording} gives. */
export type Recorded = ReturnType<typeof useRecording>;

/** What is not written yet would be lost. */
function askToStay(event: BeforeUnloadEvent) {
  event.preventDefault();
}

interface FilePicker {
  showSaveFilePicker?(options: {
    suggestedName: string;
    types: { description: string; accept: Record<string, string[]> }[];
  }): Promise<{ createWritable(): Promise<Writable> }>;
}

/** The file to write to; `null` where the browser has none to choose, `none` if the person wants none. */
async function chooseFile(name: string, { type, extension }: Format) {
  const { showSaveFilePicker } = globalThis as FilePicker;
  if (!showSaveFilePicker) return null;
  const [container = type] = type.split(';');
  try {
    const handle = await showSaveFilePicker({
      suggestedName: name,
      types: [{ description: words.film, accept: { [container]: [extension] } }],
    });
    return await handle.createWritable();
  } catch (error) {
    // Where it is forbidden, as in a frame of another site, a download will do.
    return error instanceof DOMException && error.name === 'AbortError' ? 'none' : null;
  }
}

/** A date as it can stand in a file's name. */
function localTime(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${two(date.getHours())}.${two(date.getMinutes())}.${two(date.getSeconds())}`;
}
