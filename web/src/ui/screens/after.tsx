import type { Call, CallSnapshot, Failure } from '../../call';
import { Heading } from '../heading';
import { inLanguage } from '../i18n/later';
import { tokenOfHash } from '../route';
import { formatDuration, statusOf, words } from '../say-call';
import { SaveStatistics } from '../statistics/save';
import { reviewOf, words as statisticsWords } from '../statistics/say';
import { SetupParts, setupText } from '../statistics/setup-parts';
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
  const review = talkedMs > 0 ? reviewOf(snapshot) : null;
  return (
    <div class="after">
      <Tins class="hero" />
      <Heading>{words.ended.heading}</Heading>
      <p class="lead" id="lead" role="status">
        {talkedMs > 0 ? ended.talked(formatDuration(talkedMs)) : ended.nobody}
        {talkedMs > 0 && lastPath && <span class="detail">{ended[lastPath]}</span>}
      </p>
      {review && <p class="review">{review}</p>}
      {talkedMs > 0 && setup && (
        <details class="parts">
          <summary>
            {setupText(setup)} · {statisticsWords.setup.more}
          </summary>
          <SetupParts setup={setup} />
          {snapshot.statistics && <SaveStatistics snapshot={snapshot} />}
        </details>
      )}
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

/** Another tab has the seat; this one can have it back. */
export function Replaced({ call, snapshot }: Omit<AfterProps, 'onFresh'>) {
  const { replaced } = words;
  return (
    <div class="after">
      <Tins class="hero" />
      <Heading>{replaced.heading}</Heading>
      <p class="lead" id="lead" role="status">
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
  const locked = failure.kind === 'refused' && failure.code === 'unauthorized';
  return (
    <div class="after">
      <Tins class={failure.kind === 'full' ? 'hero' : 'hero torn'} />
      <Heading>{heading}</Heading>
      <p class="lead" id="lead" role="status">
        {failureText(failure)}
      </p>
      <div class="actions">
        <button type="button" class="primary" onClick={() => call.join()}>
          {failed.again}
        </button>
        {/* Who may not join a call may not begin one either. */}
        {!locked && (
          <button type="button" class="secondary" onClick={onFresh}>
            {failed.fresh}
          </button>
        )}
      </div>
    </div>
  );
}

/** Why a call failed, and what to do: the page's own words, since the server's are for developers. */
function failureText(failure: Failure): string {
  if (failure.kind === 'refused') {
    if (failure.code === 'malformed') return failed.refused.malformed;
    if (failure.code === 'too_many_rooms') return failed.refused.tooManyRooms;
    if (failure.code === 'unauthorized') {
      return failed.refused[tokenOfHash(location.hash) ? 'unauthorized' : 'tokenless'];
    }
  }
  return failed[failure.kind].text;
}
