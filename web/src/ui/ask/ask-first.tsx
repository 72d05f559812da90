import { useState } from 'preact/hooks';
import type { Call } from '../../call';
import { inLanguage } from '../i18n/later';
import { keep } from '../kept';
import { askWords } from './words';
import './ask.css';

const words = inLanguage(askWords);

/** Whether somebody has to start the call before anything is connected. Remembered for the calls to come. */
export function AskFirst({ call }: { call: Call }) {
  const [asks, setAsks] = useState(call.asks);
  const choose = (on: boolean) => {
    call.asks = on;
    setAsks(on);
    keep('ask', on ? '1' : null);
  };
  return (
    <label class="ask-first" title={words.about}>
      <input
        type="checkbox"
        // biome-ignore lint/a11y/useAriaPropsForRole: a checkbox says itself whether it is checked
        role="switch"
        checked={asks}
        onChange={(event) => choose(event.currentTarget.checked)}
      />
      {words.ask}
    </label>
  );
}
