import { MAX_ROOM_NAME } from '../../call';
import { words } from '../i18n';
import { Tins } from '../tins';

interface StartProps {
  onStart(): void;
  onOpen(room: string): void;
}

/** The first screen: one thing to do, and another for those who have agreed on a name. */
export function Start({ onStart, onOpen }: StartProps) {
  const { start } = words;
  return (
    <div class="start">
      <Tins class="hero" />
      <h1>{start.heading}</h1>
      <p class="lead" role="status">
        {start.lead}
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
          const room = String(new FormData(event.currentTarget).get('room') ?? '').trim();
          if (room) onOpen(room);
        }}
      >
        <input
          name="room"
          required
          maxLength={MAX_ROOM_NAME}
          pattern=".*\S.*"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          enterkeyhint="go"
          aria-label={start.room}
          placeholder={start.room}
        />
        <button type="submit">{start.open}</button>
      </form>
      <p class="note">{start.note}</p>
    </div>
  );
}
