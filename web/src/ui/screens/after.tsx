import type { Call, CallSnapshot, Failure, SetupTimes } from '../../call';
import { Heading } from '../heading';
import { words } from '../i18n';
import { inLanguage } from '../i18n/later';
import { formatDuration, statusOf } from '../say';
import { Tins } from '../tins';
import { afterWords } from './after-words';

const { ended, failed } = inLanguage(afterWords);

interface AfterProps {
  call: Call;
  snapshot: CallSnapshot;
  onFresh(): void;
}

/** After hanging up: how long, which way, and what next. */
export function Ended({ call, snapshot, onFresh }: AfterProps) {
  const { talkedMs, lastPath, setup } = snapshot;
  return (
    <div class="after">
      <Tins class="hero" />
      <Heading>{words.ended.heading}</Heading>
      <p class="lead" role="status">
        {talkedMs > 0 ? ended.talked(formatDuration(talkedMs)) : ended.nobody}
        {talkedMs > 0 && lastPath && <span class="detail">{ended[lastPath]}</span>}
      </p>
      {talkedMs > 0 && setup && <SetupParts setup={setup} />}
      <div class="actions">
        <button type="button" class="primary" onClick={() => call.join()}>
          {ended.again}
        </button>
        <button type="button" class="secondary" onClick={onFresh}>
          {ended.fresh}
        </button>
      </div>
    </div>
  );
}

const PARTS = ['page', 'socket', 'join', 'offer', 'ice', 'dtls', 'frame'] as const;

/** How soon the call stood, and on request which part took how long. */
function SetupParts({ setup }: { setup: SetupTimes }) {
  return (
    <details class="parts">
      <summary>{ended.setup((setup.total / 1000).toFixed(1))}</summary>
      <dl>
        {PARTS.filter((part) => setup[part] !== null).map((part) => (
          <div key={part}>
            <dt>{ended.parts[part]}</dt>
            <dd>{setup[part]} ms</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

/** Another tab has the seat; this one can have it back. */
export function Replaced({ call, snapshot }: Omit<AfterProps, 'onFresh'>) {
  const { replaced } = words;
  return (
    <div class="after">
      <Tins class="hero" />
      <Heading>{replaced.heading}</Heading>
      <p class="lead" role="status">
        {statusOf(snapshot)}
      </p>
      <div class="actions">
        <button type="button" class="primary" onClick={() => call.join()}>
          {replaced.back}
        </button>
      </div>
    </div>
  );
}

/** What happened, what to do, and the button that does it. */
export function Failed({ call, snapshot, onFresh }: AfterProps) {
  const failure: Failure = snapshot.failure ?? { kind: 'unreachable' };
  const { heading } = words.failed[failure.kind];
  return (
    <div class="after">
      <Tins class={failure.kind === 'full' ? 'hero' : 'hero torn'} />
      <Heading>{heading}</Heading>
      <p class="lead" role="status">
        {failureText(failure)}
      </p>
      <div class="actions">
        <button type="button" class="primary" onClick={() => call.join()}>
          {failed.again}
        </button>
        <button type="button" class="secondary" onClick={onFresh}>
          {failed.fresh}
        </button>
      </div>
    </div>
  );
}

/** Why a call failed, and what to do: the page's own words, since the server's are for developers. */
function failureText(failure: Failure): string {
  if (failure.kind === 'refused') {
    if (failure.code === 'malformed') return failed.refused.malformed;
    if (failure.code === 'too_many_rooms') return failed.refused.tooManyRooms;
    if (failure.code === 'unauthorized') return failed.refused.unauthorized;
  }
  return failed[failure.kind].text;
}
