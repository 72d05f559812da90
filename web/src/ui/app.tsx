import { useEffect, useState } from 'preact/hooks';
import { Call } from '../call';
import { useSnapshot } from './hooks';
import { words } from './i18n';
import { noteAbsence, seatKeeper, takeAbsence } from './memory';
import { pathOfRoom, randomRoom, roomNameProblem, roomOfPath, tokenOfHash } from './route';
import { titleOf } from './say';
import { Ended, Failed, Replaced } from './screens/after';
import { InCall } from './screens/in-call';
import { Lobby } from './screens/lobby';
import { Start } from './screens/start';
import { Waiting } from './screens/waiting';
import { Wordmark } from './tins';

/** The page: the start, or the call of the room that the address names. */
export function App() {
  const [room, setRoom] = useState(() => roomOfPath(location.pathname));
  // Set when the person pressed something that leads to a call: only then is a permission asked for.
  const [pressed, setPressed] = useState(false);

  useEffect(() => {
    const follow = () => {
      setPressed(false);
      setRoom(roomOfPath(location.pathname));
    };
    addEventListener('popstate', follow);
    return () => removeEventListener('popstate', follow);
  }, []);

  const go = (next: string | null, byPress: boolean) => {
    history.pushState(null, '', next === null ? '/' : pathOfRoom(next));
    setPressed(byPress);
    setRoom(next);
  };
  const fresh = () =>
    go(
      randomRoom((bytes) => crypto.getRandomValues(bytes)),
      true,
    );

  const problem = room === null ? null : roomNameProblem(room);
  if (room === null || problem) {
    document.title = words.start.documentTitle;
    return (
      <main data-state="start">
        <header>
          <Wordmark label={words.lobby.home} onHome={() => go(null, false)} />
        </header>
        <Start problem={problem} onStart={fresh} onOpen={(name) => go(name, true)} />
      </main>
    );
  }
  return (
    <Room key={room} room={room} pressed={pressed} onFresh={fresh} onHome={() => go(null, false)} />
  );
}

interface RoomProps {
  room: string;
  pressed: boolean;
  onFresh(): void;
  onHome(): void;
}

/** Makes the call of one room, and ends it with the page. */
function Room({ room, pressed, ...rest }: RoomProps) {
  const [call, setCall] = useState<Call | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whether it was pressed matters once, at the start
  useEffect(() => {
    const made = new Call({
      roomId: room,
      token: tokenOfHash(location.hash),
      resume: seatKeeper(room),
    });
    made.connect();
    const absence = takeAbsence(room, Date.now());
    if (absence) {
      for (const kind of absence.off) void made.setDevice(kind, false);
      made.join();
    } else {
      void (pressed ? made.preview() : made.previewIfGranted());
    }
    setCall(made);
    // No goodbye: a page that goes may be one that is loaded anew, and comes back to its seat.
    const unload = () => {
      made.unload();
      noteAbsence(made.snapshot, Date.now());
    };
    addEventListener('pagehide', unload);
    return () => {
      removeEventListener('pagehide', unload);
      made.close();
    };
  }, [room]);
  return call && <Screen call={call} {...rest} />;
}

function Screen({ call, onFresh, onHome }: Omit<RoomProps, 'room' | 'pressed'> & { call: Call }) {
  const snapshot = useSnapshot(call);
  // Kept here, so that a notice that was closed stays closed on the next screen.
  const [dismissed, onDismiss] = useState('');
  useEffect(() => {
    document.title = `${titleOf(snapshot)} · ${words.title}`;
  }, [snapshot]);
  const { phase } = snapshot;
  const props = { call, snapshot, dismissed, onDismiss };
  const onStage = phase === 'connecting' || phase === 'connected' || phase === 'reconnecting';
  return (
    <main data-state={phase} class={onStage ? 'dark-stage' : undefined}>
      {!onStage && (
        <header>
          <Wordmark label={words.lobby.home} onHome={onHome} />
        </header>
      )}
      {(phase === 'lobby' || phase === 'joining') && <Lobby {...props} />}
      {phase === 'waiting' && <Waiting {...props} />}
      {onStage && <InCall {...props} />}
      {phase === 'replaced' && <Replaced {...props} />}
      {phase === 'ended' && <Ended {...props} onFresh={onFresh} />}
      {phase === 'failed' && <Failed {...props} onFresh={onFresh} />}
    </main>
  );
}
