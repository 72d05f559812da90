import { useRef, useState } from 'preact/hooks';
import type { CallSnapshot } from '../../call';
import { CallMenu } from '../call-menu';
import { ChatButton } from '../chat/chat-button';
import { DropZone } from '../chat/drop-zone';
import { News } from '../chat/news';
import { useChat } from '../chat/use-chat';
import { CallBar } from '../controls';
import type { ScreenProps } from '../device-notice';
import { useDraggable } from '../draggable';
import { Heading } from '../heading';
import { useElapsed, useIdle, useShape } from '../hooks';
import { words } from '../i18n';
import { Icon } from '../icons';
import { Notice } from '../notice';
import { OwnPicture } from '../own-picture';
import { formatDuration, isStuck, serverTrouble, statusOf } from '../say';
import { type ToolName, tools } from '../tools';
import { Video } from '../video';
import '../style/call.css';

/** How much longer one side may be before filling the stage would cut off too much. */
const NEAR_SHAPE = 1.5;

/** The call: the other person's picture is the screen, everything else steps back. */
export function InCall(props: ScreenProps) {
  const { call, snapshot } = props;
  const stage = useRef<HTMLDivElement>(null);
  const bar = useRef<HTMLFieldSetElement>(null);
  const idle = useIdle(bar);
  const own = useDraggable();
  const stageShape = useShape(stage);
  const [pictureShape, setPictureShape] = useState<number | null>(null);
  const [tool, setTool] = useState<ToolName | null>(null);
  const Tool = tool && tools[tool];
  const chat = useChat(call, snapshot, tool === 'chat');

  const { remote, phase } = snapshot;
  const seen = remote.camera && pictureShape !== null && remote.stream !== null;
  const near =
    stageShape === null ||
    pictureShape === null ||
    Math.max(stageShape / pictureShape, pictureShape / stageShape) <= NEAR_SHAPE;

  return (
    <div class="stage" ref={stage} data-idle={idle && phase === 'connected'}>
      <Heading unseen>{words.titles.connected}</Heading>
      {seen && !near && <Video class="backdrop" stream={remote.stream} muted />}
      <Video
        class={`their-video ${near ? 'cover' : 'contain'} ${seen ? '' : 'unseen'}`}
        stream={remote.stream}
        label={words.call.theirs}
        onShape={setPictureShape}
      />
      {!seen && <Absent snapshot={snapshot} />}
      {phase === 'reconnecting' ? (
        <div class="veil">
          <p role="status">{statusOf(snapshot)}</p>
          {isStuck(snapshot) && (
            <button type="button" class="primary" onClick={() => call.rejoin()}>
              {words.status.rejoin}
            </button>
          )}
        </div>
      ) : (
        <Pill snapshot={snapshot} onVerify={() => setTool('verify')} />
      )}
      <Notice {...props} brief />
      <div class="own" {...own}>
        <OwnPicture call={snapshot} />
      </div>
      <div class="stage-foot">
        <News latest={chat.latest} onOpen={() => setTool('chat')} />
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
            {chat.offered && (
              <ChatButton
                unread={chat.unread}
                open={tool === 'chat'}
                onToggle={() => setTool(tool === 'chat' ? null : 'chat')}
              />
            )}
            <CallMenu onOpen={setTool} />
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

function Absent({ snapshot }: { snapshot: CallSnapshot }) {
  const connected = snapshot.phase === 'connected';
  return (
    <div class="absent" data-pulse={!connected}>
      <div class="figure">
        <Icon name="user" />
      </div>
      {connected && !snapshot.remote.camera && <p>{words.call.theirCameraOff}</p>}
    </div>
  );
}

function Pill({ snapshot, onVerify }: { snapshot: CallSnapshot; onVerify(): void }) {
  const { phase, connection, connectedAt, remote, sealed } = snapshot;
  const verify = sealed ? words.call.sealed : words.call.unsealed;
  const elapsed = useElapsed(connectedAt);
  const line =
    serverTrouble(snapshot) || snapshot.peerOffline || snapshot.peerAway
      ? 'offline'
      : phase === 'connected'
        ? (connection?.quality ?? 'good')
        : 'working';
  return (
    <div class="pill" data-line={line}>
      <span class="dot" />
      {/* The clock stays outside of what is read aloud. */}
      <span role="status">{statusOf(snapshot)}</span>
      {connectedAt !== null && <span class="clock">{formatDuration(elapsed)}</span>}
      {phase === 'connected' && !remote.microphone && (
        <span class="their-mic">
          <Icon name="micOff" />
          {words.call.theirMicrophoneOff}
        </span>
      )}
      <button type="button" class="seal" aria-label={verify} data-tip={verify} onClick={onVerify}>
        <Icon name={sealed ? 'lock' : 'lockOpen'} />
      </button>
    </div>
  );
}
