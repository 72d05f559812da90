import type { ComponentChildren } from 'preact';
import type { Call, CallSnapshot, Kind } from '../call';
import { words } from './i18n';
import { Icon, type IconName } from './icons';

const ICONS: Record<Kind, { on: IconName; off: IconName }> = {
  microphone: { on: 'mic', off: 'micOff' },
  camera: { on: 'video', off: 'videoOff' },
};

/** Handles clicks but the second of a double click, which was meant for what stood there before. */
export function single(act: () => void): (event: MouseEvent) => void {
  return (event) => {
    if (event.detail <= 1) act();
  };
}

/** Switches one device; pressed means on. */
export function DeviceButton({
  call,
  snapshot,
  kind,
  shortcut,
}: {
  call: Call;
  snapshot: CallSnapshot;
  kind: Kind;
  /** Key by which it can be pressed, where there are keys. */
  shortcut?: string;
}) {
  const device = snapshot[kind];
  const on = device.wanted && device.track !== null;
  return (
    <button
      type="button"
      class="round"
      aria-label={words.call[kind]}
      aria-pressed={on}
      aria-keyshortcuts={shortcut}
      data-tip={words.call[kind]}
      data-problem={device.wanted && device.problem ? device.problem : undefined}
      onClick={() => void call.setDevice(kind, !on)}
    >
      <Icon name={on || device.asking ? ICONS[kind].on : ICONS[kind].off} />
    </button>
  );
}

/** The bar of a call: microphone, camera, what else there is, and apart from them: hang up. */
export function CallBar({
  call,
  snapshot,
  children,
}: {
  call: Call;
  snapshot: CallSnapshot;
  children?: ComponentChildren;
}) {
  return (
    <>
      <DeviceButton call={call} snapshot={snapshot} kind="microphone" shortcut="M" />
      <DeviceButton call={call} snapshot={snapshot} kind="camera" shortcut="V" />
      {children}
      <button
        type="button"
        class="round hang-up"
        aria-label={words.call.hangUp}
        data-tip={words.call.hangUp}
        onClick={() => call.leave()}
      >
        <Icon name="phone" />
      </button>
    </>
  );
}
