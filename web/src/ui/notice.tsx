import { DeviceNotice, Dismiss, type ScreenProps } from './device-notice';
import { Icon } from './icons';
import { words } from './say-call';

/**
 * What a person has to know: that somebody meddles with a sealed call, or else how it is with the own devices.
 * `brief`: in one line.
 */
export function Notice(props: ScreenProps & { brief?: boolean }) {
  const { snapshot, dismissed, onDismiss, brief = false } = props;
  const trouble = snapshot.sealTrouble === 'keyless' ? 'keyless' : 'refused';
  if (!snapshot.sealTrouble || dismissed.includes(trouble)) return <DeviceNotice {...props} />;
  return (
    <div class={brief ? 'notice brief' : 'notice'} role="alert">
      <Icon name="alert" />
      <p>{words.seal[trouble]}</p>
      <div class="notice-actions">
        <Dismiss onClick={() => onDismiss(trouble)} />
      </div>
    </div>
  );
}
