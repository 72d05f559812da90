import { useRef, useState } from 'preact/hooks';
import type { CallSnapshot } from '../../call';
import { useShape } from '../hooks';
import { inLanguage } from '../i18n/later';
import { Icon } from '../icons';
import { OwnPicture } from '../own-picture';
import { words as pageWords } from '../say-call';
import { Video } from '../video';
import type { Picture } from './arrange';
import { Backdrop } from './backdrop';
import { useDraggable } from './draggable';
import './stage.css';
import type { Views } from './views';
import { stageWords } from './words';

const words = inLanguage(stageWords);

/** How much longer one side may be before filling the stage would cut off too much. */
const NEAR_SHAPE = 1.5;

/** In the order in which they stand in the document: one that moves is never taken out, and plays on. */
const ORDER: readonly Picture[] = ['screen', 'theirs', 'own'];

/** The pictures of the call: one fills the stage, the others lie in a corner of it. */
export function Pictures({ snapshot, views }: { snapshot: CallSnapshot; views: Views }) {
  const stage = useRef<HTMLDivElement>(null);
  const shape = useShape(stage);
  const { corner, buttonOf } = useDraggable();
  const { pictures, choose, onDblClick } = views;
  return (
    // Full screen is in the menu as well.
    // biome-ignore lint/a11y/noStaticElementInteractions: a short way for those who have a mouse
    <div class="pictures" ref={stage} onDblClick={onDblClick}>
      {ORDER.map((picture) => {
        const place = pictures.indexOf(picture);
        if (place < 0) return null;
        return (
          <div
            key={picture}
            class={place === 0 ? 'picture large' : 'picture small'}
            data-picture={picture}
            data-corner={corner}
            style={{ '--place': place - 1 }}
          >
            <Content picture={picture} large={place === 0} snapshot={snapshot} stageShape={shape} />
            {place > 0 && (
              <button
                type="button"
                class="picture-press"
                aria-label={words.enlarge[picture]}
                aria-description={words.move}
                // A double click on a small picture swaps twice, and fills no screen.
                onDblClick={(event) => event.stopPropagation()}
                {...buttonOf(() => choose(picture))}
              />
            )}
          </div>
        );
      })}
    </div>
  );
}

interface ContentProps {
  picture: Picture;
  large: boolean;
  snapshot: CallSnapshot;
  stageShape: number | null;
}

function Content({ picture, large, snapshot, stageShape }: ContentProps) {
  const [shape, setShape] = useState<number | null>(null);
  const { remote } = snapshot;
  if (picture === 'own') return <OwnPicture call={snapshot} />;
  // Nothing of a screen is ever cut off.
  if (picture === 'screen') {
    return (
      <Video
        class="their-screen contain"
        stream={remote.screen}
        label={words.screen}
        speaker={snapshot.settings?.speaker}
      />
    );
  }
  const seen = remote.camera && shape !== null && remote.stream !== null;
  const near = !large || isNear(stageShape, shape);
  return (
    <>
      {seen && !near && <Backdrop shape={shape} />}
      <Video
        class={`their-video ${near ? 'cover' : 'contain'} ${seen ? '' : 'unseen'}`}
        stream={remote.stream}
        label={pageWords.call.theirs}
        speaker={snapshot.settings?.speaker}
        onShape={setShape}
      />
      {!seen && <Absent snapshot={snapshot} large={large} />}
    </>
  );
}

function isNear(a: number | null, b: number | null): boolean {
  return a === null || b === null || Math.max(a / b, b / a) <= NEAR_SHAPE;
}

function Absent({ snapshot, large }: { snapshot: CallSnapshot; large: boolean }) {
  const connected = snapshot.phase === 'connected';
  const { camera, paused } = snapshot.remote;
  const why = paused ? words.theyPaused : !camera && pageWords.call.theirCameraOff;
  return (
    <div class="absent" data-pulse={!connected}>
      <div class="figure">
        <Icon name="user" />
      </div>
      {large && connected && why && <p>{why}</p>}
    </div>
  );
}
