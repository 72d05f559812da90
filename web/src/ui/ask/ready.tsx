import { CallBar, single } from '../controls';
import type { ScreenProps } from '../device-notice';
import { Heading } from '../heading';
import { inLanguage } from '../i18n/later';
import { Notice } from '../notice';
import { OwnPicture } from '../own-picture';
import { serverTrouble } from '../say';
import { words as callText, statusOf } from '../say-call';
import { askWords } from './words';

const words = inLanguage(askWords);

/** Both are in the room, and one of them is to start the call. */
export function Ready(props: ScreenProps) {
  const { call, snapshot } = props;
  const { name } = snapshot.remote;
  const hindered = serverTrouble(snapshot) !== null || snapshot.peerAway;
  return (
    <div class="two-parts">
      <div class="preview">
        <OwnPicture call={snapshot} />
        <fieldset class="preview-bar" aria-label={callText.call.controls}>
          <CallBar call={call} snapshot={snapshot} />
        </fieldset>
      </div>
      <div class="words">
        <Heading>{name ? words.named(name) : words.heading}</Heading>
        <p
          class="lead"
          id="lead"
          role="status"
          data-tone={serverTrouble(snapshot) ? 'warning' : undefined}
        >
          {hindered ? statusOf(snapshot) : words.lead}
        </p>
        <Notice {...props} />
        <button
          type="button"
          class="primary"
          disabled={hindered}
          onClick={single(() => call.start())}
        >
          {words.call}
        </button>
      </div>
    </div>
  );
}
