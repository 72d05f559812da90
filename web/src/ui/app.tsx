import { useEffect, useState } from 'preact/hooks';
import { Call, deriveRoom, newSecret, type RoomKeys, readSecret, socketSignalling } from '../call';
import { transports } from '../early';
import { useLoaded, useSnapshot } from './hooks';
import { words } from './i18n';
import { asksFirst, choiceKeeper, noteAbsence, seatKeeper, takeAbsence } from './memory';
import { type Place, type PlaceProblem, pathOf, placeOf, START, tokenOfHash } from './route';
import { Lobby } from './screens/lobby';
import { Start } from './screens/start';
import { Wordmark } from './tins';

/** The page: the start, or the call to which the address leads. */
export function App() {
  const [place, setPlace] = useState(() => placeOf(location));
  // Set when the person pressed something that leads to a call: only then is a permission asked for.
  const [pressed, setPressed] = useState(false);

  useEffect(() => {
    const follow = () => {
      setPressed(false);
      setPlace(placeOf(location));
    };
    addEventListener('popstate', follow);
    return () => removeEventListener('popstate', follow);
  }, []);

  const go = (next: Place) => {
    // What the tab remembers there, if it has no storage, goes along.
    history.pushState(history.state, '', pathOf(next));
    setPressed(next.kind !== 'start');
    setPlace(next);
  };
  const fresh = () => go({ kind: 'sealed', secret: newSecret() });
  const home = () => go(START);

  const problem = problemWith(place);
  if (place.kind === 'start' || problem) {
    document.title = words.start.documentTitle;
    return (
      <main data-state="start">
        <Top onHome={home} />
        <Start problem={problem} onStart={fresh} onOpen={go} />
      </main>
    );
  }
  const path = pathOf(place);
  return <Room key={path} place={place} pressed={pressed} onFresh={fresh} onHome={home} />;
}

function problemWith(place: Place): PlaceProblem | null {
  if (place.kind === 'start') return place.problem;
  return place.kind === 'sealed' && !isSecureContext ? 'insecure' : null;
}

interface RoomProps {
  place: Exclude<Place, { kind: 'start' }>;
  pressed: boolean;
  onFresh(): void;
  onHome(): void;
}

/** Makes the call of one place, and ends it with the page. */
function Room({ place, pressed, ...rest }: RoomProps) {
  const [call, setCall] = useState<Call | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a place has one call, and whether it was pressed matters at its start
  useEffect(() => {
    let end = () => {};
    let gone = false;
    const begin = (roomId: string, keys?: RoomKeys) => {
      if (gone) return;
      const made = begun(roomId, keys, pressed);
      end = comeAndGo(made);
      setCall(made);
    };
    const secret = place.kind === 'sealed' && readSecret(place.secret);
    if (secret) void deriveRoom(secret).then((keys) => begin(keys.roomId, keys));
    else if (place.kind === 'named') begin(place.room);
    return () => {
      gone = true;
      end();
    };
  }, []);
  return call && <Screen call={call} {...rest} />;
}

/** A call on its way: into its lobby, or straight back into what the page was in before it was loaded anew. */
function begun(roomId: string, keys: RoomKeys | undefined, pressed: boolean): Call {
  const room = keys ? { keys } : { roomId };
  const call = new Call({
    ...room,
    token: tokenOfHash(location.hash),
    signalling: socketSignalling(roomId, undefined, transports()),
    resume: seatKeeper(roomId),
    asks: asksFirst(),
    choices: choiceKeeper,
  });
  call.connect();
  const absence = takeAbsence(roomId, Date.now());
  if (absence) {
    for (const kind of absence.off) void call.setDevice(kind, false);
    call.join();
  } else {
    void (pressed ? call.preview() : call.previewIfGranted());
  }
  return call;
}

/** Lets a call know when the page goes; the returned function ends it. */
function comeAndGo(call: Call): () => void {
  // No goodbye: a page that goes may be one that is loaded anew, and comes back to its seat.
  const note = () => noteAbsence(call.snapshot, Date.now());
  const unload = () => {
    call.unload();
    note();
  };
  // The history, where a page without storage notes it, takes nothing more from one that goes already.
  addEventListener('beforeunload', note);
  addEventListener('pagehide', unload);
  return () => {
    removeEventListener('beforeunload', note);
    removeEventListener('pagehide', unload);
    call.close();
  };
}

const loadLater = () => import('./screens/later');

/** Head of every screen but the call. */
function Top({ onHome }: { onHome(): void }) {
  const later = useLoaded(loadLater);
  return (
    <header>
      <Wordmark label={words.lobby.home} onHome={onHome} />
      {later && <later.PreferencesButton />}
    </header>
  );
}

function Screen({ call, onFresh, onHome }: Omit<RoomProps, 'place' | 'pressed'> & { call: Call }) {
  const snapshot = useSnapshot(call);
  const later = useLoaded(loadLater);
  useEffect(() => later?.attend(call), [later, call]);
  // Kept here, so that a notice that was closed stays closed on the next screen.
  const [dismissed, setDismissed] = useState<readonly string[]>([]);
  const onDismiss = (key: string) => setDismissed([...dismissed, key]);
  useEffect(() => {
    document.title = later ? `${later.titleOf(snapshot)} · ${words.title}` : words.title;
  }, [later, snapshot]);
  const { phase } = snapshot;
  const props = { call, snapshot, dismissed, onDismiss };
  const onStage = phase === 'connecting' || phase === 'connected' || phase === 'reconnecting';
  return (
    <main data-state={phase} class={onStage ? 'dark-stage' : undefined}>
      {!onStage && <Top onHome={onHome} />}
      {(phase === 'lobby' || phase === 'joining') && <Lobby {...props} later={later} />}
      {later && phase === 'waiting' && <later.Waiting {...props} />}
      {later && phase === 'ready' && <later.Ready {...props} />}
      {later && onStage && <later.InCall {...props} />}
      {later && phase === 'replaced' && <later.Replaced {...props} />}
      {later && phase === 'ended' && <later.Ended {...props} onFresh={onFresh} />}
      {later && phase === 'failed' && <later.Failed {...props} onFresh={onFresh} />}
    </main>
  );
}
