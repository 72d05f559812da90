import { Heading } from '../heading';
import { words } from '../i18n';
import { linkElsewhere, type RoomNameProblem, roomNameProblem, roomOfInput } from '../route';
import { Tins } from '../tins';

interface StartProps {
  /** What is wrong with the room that the address names. */
  problem: RoomNameProblem | null;
  onStart(): void;
  onOpen(room: string): void;
}

const roomIn = (text: string) => roomOfInput(text, location.hostname);

/** The first screen: one thing to do, and another for those who have agreed on a name. */
export function Start({ problem, onStart, onOpen }: StartProps) {
  const { start } = words;
  return (
    <div class="start">
      <Tins class="hero" />
      <Heading>{start.heading}</Heading>
      <p class="lead" role="status" data-tone={problem ? 'warning' : undefined}>
        {problem ? start[problem] : start.lead}
      </p>
      <button type="button" class="primary" onClick={onStart}>
        {start.action}
      </button>
      <p class="or">
        <span>{start.or}</span>
      </p>
      <form
        class="field"
        onSubmit={(event) => {
          event.preventDefault();
          const typed = String(new FormData(event.currentTarget).get('room') ?? '');
          const elsewhere = linkElsewhere(typed, location.hostname);
          const room = roomIn(typed);
          if (elsewhere) location.assign(elsewhere);
          else if (room) onOpen(room);
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
            const wrong = elsewhere ? null : roomNameProblem(roomIn(value));
            event.currentTarget.setCustomValidity(wrong ? start[wrong] : '');
          }}
        />
        <button type="submit">{start.open}</button>
      </form>
      <p class="note">{start.note}</p>
    </div>
  );
}
