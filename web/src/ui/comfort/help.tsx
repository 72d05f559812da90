import { inLanguage } from '../i18n/later';
import { useModal } from '../modal';
import '../style/dialog.css';
import './comfort.css';
import type { ToolProps } from '../tools';
import { buttonOf } from './use-keys';

const words = inLanguage({
  en: {
    heading: 'Keyboard shortcuts',
    space: 'Space',
    talk: 'Hold to talk while you are muted',
    microphone: 'Microphone on or off',
    camera: 'Camera on or off',
    screen: 'Share your screen',
    chat: 'Chat',
    fullScreen: 'Full screen',
    help: 'These shortcuts',
    leave: 'Close what is open',
    close: 'Close',
  },
  zh: {
    heading: '快捷键',
    space: '空格',
    talk: '静音时按住说话',
    microphone: '打开或关闭麦克风',
    camera: '打开或关闭摄像头',
    screen: '共享屏幕',
    chat: '聊天',
    fullScreen: '全屏',
    help: '显示快捷键',
    leave: '关闭打开的窗口',
    close: '关闭',
  },
});

const ALWAYS = () => true;
const whereAButtonHas = (key: string) => () => buttonOf(key) !== null;

/** Every key with what it does, and whether it does so here. */
const KEYS: [key: string, does: string, here: () => boolean][] = [
  [words.space, words.talk, ALWAYS],
  ['M', words.microphone, ALWAYS],
  ['V', words.camera, ALWAYS],
  ['S', words.screen, whereAButtonHas('S')],
  ['C', words.chat, whereAButtonHas('C')],
  ['F', words.fullScreen, () => document.fullscreenEnabled],
  ['?', words.help, ALWAYS],
  ['Esc', words.leave, ALWAYS],
];

/** The keys that do something during a call. */
export function Help({ onClose }: ToolProps) {
  const dialog = useModal();
  return (
    <dialog ref={dialog} class="dialog help" aria-labelledby="help-heading" onClose={onClose}>
      <h2 id="help-heading" tabIndex={-1} autofocus>
        {words.heading}
      </h2>
      <dl>
        {KEYS.filter(([, , here]) => here()).map(([key, does]) => (
          <>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </>
        ))}
      </dl>
      <button type="button" class="primary" onClick={() => dialog.current?.close()}>
        {words.close}
      </button>
    </dialog>
  );
}
