// Icons of lucide (https://lucide.dev, ISC licence), taken from its package at build time.
import check from 'lucide-static/icons/check.svg?raw';
import copy from 'lucide-static/icons/copy.svg?raw';
import lock from 'lucide-static/icons/lock.svg?raw';
import lockOpen from 'lucide-static/icons/lock-open.svg?raw';
import mic from 'lucide-static/icons/mic.svg?raw';
import micOff from 'lucide-static/icons/mic-off.svg?raw';
import phone from 'lucide-static/icons/phone.svg?raw';
import share from 'lucide-static/icons/share-2.svg?raw';
import alert from 'lucide-static/icons/triangle-alert.svg?raw';
import user from 'lucide-static/icons/user-round.svg?raw';
import video from 'lucide-static/icons/video.svg?raw';
import videoOff from 'lucide-static/icons/video-off.svg?raw';
import close from 'lucide-static/icons/x.svg?raw';

const icons = {
  alert,
  check,
  close,
  copy,
  lock,
  lockOpen,
  mic,
  micOff,
  phone,
  share,
  user,
  video,
  videoOff,
};

/** Name of an icon of the set. */
export type IconName = keyof typeof icons;

/** An icon as decoration; what it stands for is said by the control around it. */
export function Icon({ name }: { name: IconName }) {
  return <Glyph strokes={icons[name]} />;
}

/** An icon that a part which is loaded later brings with it: the file of its package, read as text. */
export function Glyph({ strokes }: { strokes: string }) {
  return (
    <span class="icon" aria-hidden="true">
      <svg
        viewBox="0 0 24 24"
        fill="none"
        stroke="currentColor"
        stroke-width="2"
        stroke-linecap="round"
        stroke-linejoin="round"
        // The strokes alone are what the build leaves of an icon's file.
        dangerouslySetInnerHTML={{ __html: strokes }}
      />
    </span>
  );
}
