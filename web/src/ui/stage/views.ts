import expand from 'lucide-static/icons/maximize.svg?raw';
import outside from 'lucide-static/icons/picture-in-picture-2.svg?raw';
import self from 'lucide-static/icons/square-user-round.svg?raw';
import { useEffect, useState } from 'preact/hooks';
import type { CallSnapshot } from '../../call';
import { inLanguage } from '../i18n/later';
import type { MenuItem } from '../menu/menu';
import { arrange, type Picture } from './arrange';
import { stageWords } from './words';

const words = inLanguage(stageWords);

/** How the person wants the pictures, and the lines of a menu by which they change it. */
export function useViews({ remote }: CallSnapshot) {
  const [ownHidden, setOwnHidden] = useState(false);
  const [chosen, setChosen] = useState<Picture | null>(null);
  const screen = remote.screen !== null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each screen that comes or goes, a choice begins anew
  useEffect(() => setChosen(null), [screen]);
  const inPicture = usePictureInPicture();
  const fullScreen = useFullScreen();

  const items: MenuItem[] = [
    {
      icon: self,
      label: words.ownPicture,
      checked: !ownHidden,
      onSelect: () => {
        setOwnHidden(!ownHidden);
        if (chosen === 'own') setChosen(null);
      },
    },
  ];
  if (inPicture && (screen || remote.camera)) {
    items.push({ icon: outside, label: words.pictureInPicture, ...inPicture });
  }
  if (fullScreen) items.push({ icon: expand, label: words.fullScreen, ...fullScreen });
  return {
    pictures: arrange({ screen, ownHidden, chosen }),
    choose: setChosen,
    onDblClick: toggleFullScreen,
    items,
  };
}

/** What {@link useViews} gives. */
export type Views = ReturnType<typeof useViews>;

type Switch = Required<Pick<MenuItem, 'checked' | 'onSelect'>>;

/** Whether something about the document holds; looked at anew with each of the events. */
function useDocument(holds: () => boolean, ...events: string[]): boolean {
  const [held, setHeld] = useState(holds);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what to look at stays the same
  useEffect(() => {
    const look = () => setHeld(holds());
    // The events of a video reach the document on their way down.
    for (const event of events) document.addEventListener(event, look, true);
    return () => {
      for (const event of events) document.removeEventListener(event, look, true);
    };
  }, []);
  return held;
}

// Refused where the person's browser does not want it, and then nothing is lost.
const tried = (attempt: Promise<unknown> | undefined) => void attempt?.catch(() => {});

/** Whether the page fills the screen, and how to change that; `null` where it cannot (phones of Apple). */
function useFullScreen(): Switch | null {
  const checked = useDocument(() => document.fullscreenElement !== null, 'fullscreenchange');
  return document.fullscreenEnabled ? { checked, onSelect: toggleFullScreen } : null;
}

/** Lets the page fill the screen, or no more. */
export function toggleFullScreen(): void {
  if (!document.fullscreenEnabled) return;
  tried(
    document.fullscreenElement
      ? document.exitFullscreen()
      : document.documentElement.requestFullscreen(),
  );
}

/** Whether their picture, or their screen, stands in a window of its own; `null` where it cannot. */
function usePictureInPicture(): Switch | null {
  const checked = useDocument(
    () => Boolean(document.pictureInPictureElement),
    'enterpictureinpicture',
    'leavepictureinpicture',
  );
  if (!document.pictureInPictureEnabled) return null;
  const onSelect = () => {
    if (checked) return tried(document.exitPictureInPicture());
    const video =
      document.querySelector<HTMLVideoElement>('.their-screen') ??
      document.querySelector<HTMLVideoElement>('.their-video');
    tried(video?.requestPictureInPicture());
  };
  return { checked, onSelect };
}
