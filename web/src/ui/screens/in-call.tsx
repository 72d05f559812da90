import { useRef, useState } from 'preact/hooks';
import type { CallSnapshot } from '../../call';
import { CallMenu } from '../call-menu';
import { ChatButton } from '../chat/chat-button';
import { DropZone } from '../chat/drop-zone';
import { News } from '../chat/news';
import { useChat } from '../chat/use-chat';
import { Comfort } from '../comfort/comfort';
import { CallBar } from '../controls';
import type { ScreenProps } from '../device-notice';
import { Heading } from '../heading';
import { useElapsed, useIdle } from '../hooks';
import { Icon } from '../icons';
import { Notice } from '../notice';
import { RecordingTellings } from '../recording/tellings';
import { useRecording } from '../recording/use-recording';
import { serverTrouble } from '../say';
import { formatDuration, isStuck, statusOf, words } from '../say-call';
import { TheirLowData, TheirName } from '../settings/peer';
import { ShareButton, ShareTellings, useShare } from '../share/share';
import { PausedTelling } from '../stage/paused';
import { Pictures } from '../stage/pictures';
import { useViews } from '../stage/views';
import { words as statisticsWords, troubleText } from '../statistics/say';
import { type ToolName, tools } from '../tools';
import '../style/call.css';

/** The call: the other person's picture is the screen, everything else steps back. */
export function InCall(props: ScreenProps) {
  const { call, snapshot } = props;
  const stage = useRef<HTMLDivElement>(null);
  const bar = useRef<HTMLFieldSetElement>(null);
  const idle = useIdle(bar);
  const views = useViews(snapshot);
  const share = useShare(call, snapshot);
  const recording = useRecording(call);
  const [tool, setTool] = useState<ToolName | null>(null);
  const Tool = tool && tools[tool];
  const chat = useChat(call, snapshot, tool === 'chat');
  const { phase } = snapshot;

  return (
    <div class="stage" ref={stage} data-idle={idle && phase === 'connected'}>
      <Heading unseen>{words.titles.connected}</Heading>
      {/* One for the whole call: a screen reader tells nothing of a line that comes along with its words. */}
      <p class="unseen" id="lead" role="status">
        {lineOf(snapshot)}
      </p>
      <Pictures snapshot={snapshot} views={views} />
      {phase === 'reconnecting' && (
        <div class="veil">
          <p aria-hidden="true">{statusOf(snapshot)}</p>
          {isStuck(snapshot) && (
            <button type="button" class="primary" onClick={() => call.rejoin()}>
              {words.status.rejoin}
            </button>
          )}
        </div>
      )}
      <div class="stage-head">
        {phase !== 'reconnecting' && <Pill snapshot={snapshot} onOpen={setTool} />}
        <RecordingTellings recording={recording} snapshot={snapshot} />
        <ShareTellings share={share} />
        <PausedTelling snapshot={snapshot} />
        <Notice {...props} brief />
      </div>
      <div class="stage-foot">
        <News latest={chat.latest} onOpen={() => setTool('chat')} />
        <Comfort call={call} snapshot={snapshot} onTool={setTool} />
        <fieldset
          class="bar"
          ref={bar}
          aria-label={words.call.controls}
          // A finger cannot see what it presses on a bar that has faded: the first tap only wakes it.
          onPointerDownCapture={(event) => {
            if (idle && event.pointerType === 'touch') swallowNextClick();
          }}
        >
          <CallBar call={call} snapshot={snapshot}>
            <ShareButton share={share} />
            {chat.offered && (
              <ChatButton
                unread={chat.unread}
                open={tool === 'chat'}
                onToggle={() => setTool(tool === 'chat' ? null : 'chat')}
              />
            )}
            <CallMenu
              call={call}
              snapshot={snapshot}
              views={views}
              recording={recording}
              onOpen={setTool}
            />
          </CallBar>
        </fieldset>
      </div>
      <DropZone call={call} snapshot={snapshot} stage={stage} onTaken={() => setTool('chat')} />
      {Tool && <Tool call={call} snapshot={snapshot} onClose={() => setTool(null)} />}
    </div>
  );
}

function swallowNextClick() {
  const swallow = (event: Event) => event.stopPropagation();
  window.addEventListener('click', swallow, { capture: true, once: true });
  setTimeout(() => window.removeEventListener('click', swallow, { capture: true }), 700);
}

function isOffline(snapshot: CallSnapshot): boolean {
  return serverTrouble(snapshot) !== null || snapshot.peerOffline || snapshot.peerAway;
}

/** How the call stands, in one line. */
function lineOf(snapshot: CallSnapshot): string {
  return (!isOffline(snapshot) && troubleText(snapshot)) || statusOf(snapshot);
}

function Pill({ snapshot, onOpen }: { snapshot: CallSnapshot; onOpen(tool: ToolName): void }) {
  const { phase, connectedAt, remote, sealed } = snapshot;
  const verify = sealed ? words.call.sealed : words.call.unsealed;
  const elapsed = useElapsed(connectedAt);
  const trouble = troubleText(snapshot);
  const offline = isOffline(snapshot);
  const line =
    phase !== 'connected' && !offline ? 'working' : offline ? 'offline' : trouble ? 'weak' : 'good';
  return (
    <div class="pill" data-line={line}>
      {/* Lies under the words. */}
      <button
        type="button"
        class="pill-open"
        aria-label={statisticsWords.statistics}
        onClick={() => onOpen('statistics')}
      />
      <span class="dot" />
      <TheirName snapshot={snapshot} />
      <span aria-hidden="true">{lineOf(snapshot)}</span>
      {connectedAt !== null && <span class="clock">{formatDuration(elapsed)}</span>}
      {phase === 'connected' && !remote.microphone && (
        <span class="their-mic">
          <Icon name="micOff" />
          {words.call.theirMicrophoneOff}
        </span>
      )}
      <TheirLowData snapshot={snapshot} />
      <button
        type="button"
        class="seal"
        aria-label={verify}
        data-tip={verify}
        onClick={() => onOpen('verify')}
      >
        <Icon name={sealed ? 'lock' : 'lockOpen'} />
      </button>
    </div>
  );
}
