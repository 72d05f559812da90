import { Heading } from '../heading';
import { words } from '../i18n';
import {
  linkElsewhere,
  type Place,
  type PlaceProblem,
  placeOfInput,
  secureAddress,
} from '../route';
import { Tins } from '../tins';

interface StartProps {
  /** What is wrong with the call to which the address leads. */
  problem: PlaceProblem | null;
  onStart(): void;
  onOpen(place: Place): void;
}

const placeIn = (text: string) => placeOfInput(text, location.hostname);

/** The first screen: one thing to do, and another for those who have agreed on a name. */
export function Start({ problem, onStart, onOpen }: StartProps) {
  const { start } = words;
  const secure = problem === 'insecure' ? secureAddress(location) : null;
  return (
    <div class="start">
      <Tins class="hero" />
      <Heading>{start.heading}</Heading>
      <p class="lead" id="lead" role="status" data-tone={problem ? 'warning' : undefined}>
        {problem ? start[problem] : start.lead}
      </p>
      {secure ? (
        <a class="primary" href={secure}>
          {words.devices.openSecure}
        </a>
      ) : (
        <button
          type="button"
          class="primary"
          // It would lead here again.
          disabled={problem === 'insecure'}
          onClick={onStart}
        >
          {start.action}
        </button>
      )}
      <p class="or">
        <span>{start.or}</span>
      </p>
      <form
        class="field"
        onSubmit={(event) => {
          event.preventDefault();
          const typed = String(new FormData(event.currentTarget).get('room') ?? '');
          const elsewhere = linkElsewhere(typed, location.hostname);
          const place = placeIn(typed);
          if (elsewhere) location.assign(elsewhere);
          else if (place.kind !== 'start') onOpen(place);
        }}
      >
        <input
          name="room"
          required
          pattern=".*\S.*"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          enterkeyhint="go"
          aria-label={start.room}
          placeholder={start.roomOrLink}
          onInput={(event) => {
            const { value } = event.currentTarget;
            const elsewhere = linkElsewhere(value, location.hostname);
            const place = placeIn(value);
            const wrong = !elsewhere && place.kind === 'start' && place.problem;
            event.currentTarget.setCustomValidity(wrong ? start[wrong] : '');
          }}
        />
        <button type="submit">{start.open}</button>
      </form>
      <p class="note">{start.note}</p>
    </div>
  );
}
