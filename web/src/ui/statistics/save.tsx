import download from 'lucide-static/icons/download.svg?raw';
import { useState } from 'preact/hooks';
import { version } from '../../../package.json';
import { type CallSnapshot, exportStatistics } from '../../call';
import { Glyph } from '../icons';
import './save.css';
import { words } from './say';

/** Saves all that is known of the call to a file; addresses only if the person wants them in it. */
export function SaveStatistics({ snapshot }: { snapshot: CallSnapshot }) {
  const [addresses, setAddresses] = useState(false);
  const save = () => {
    const made = new Date();
    const page = `twocan ${version}`;
    const browser = navigator.userAgent;
    const now = performance.now();
    const file = exportStatistics(snapshot, { addresses, browser, page, made, now });
    const minute = made.toISOString().slice(0, 16).replaceAll(':', '-');
    saveAs(`twocan-${minute}.json`, JSON.stringify(file, null, 2));
  };
  return (
    <div class="save">
      <button type="button" onClick={save}>
        <Glyph strokes={download} />
        {words.export.action}
      </button>
      <label>
        <input
          type="checkbox"
          checked={addresses}
          onChange={(event) => setAddresses(event.currentTarget.checked)}
        />
        {words.export.addresses}
      </label>
      <p>{words.export.note}</p>
    </div>
  );
}

function saveAs(name: string, text: string) {
  const href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = Object.assign(document.createElement('a'), { href, download: name });
  link.click();
  // The browser has taken hold of it by the next turn.
  setTimeout(() => URL.revokeObjectURL(href));
}
