/** What is said about the pictures of a call. */
const en = {
  ownPicture: 'Show my picture',
  pictureInPicture: 'Picture in picture',
  fullScreen: 'Full screen',
  enlarge: {
    screen: 'Make their screen large',
    theirs: 'Make their picture large',
    own: 'Make your picture large',
  },
  move: 'Arrow keys move the small pictures to another corner.',
  screen: 'Their screen',
  paused: 'Your picture is paused, so that your voice gets through. It comes back by itself.',
  screenPaused: 'Your screen is paused, so that your voice gets through. It goes on by itself.',
  theyPaused: 'The network carries only their voice for now. Their picture comes back by itself.',
  theirScreenPaused:
    'Their screen is paused: the network carries only their voice for now. It goes on by itself.',
};

const zh: typeof en = {
  ownPicture: '显示我的画面',
  pictureInPicture: '画中画',
  fullScreen: '全屏',
  enlarge: {
    screen: '放大对方的屏幕',
    theirs: '放大对方的画面',
    own: '放大你的画面',
  },
  move: '用方向键把小画面移到别的角落。',
  screen: '对方的屏幕',
  paused: '网络太慢，为了保证声音，你的画面已暂停，之后会自动恢复。',
  screenPaused: '网络太慢，为了保证声音，你的屏幕共享已暂停，之后会自动恢复。',
  theyPaused: '目前网络只够传送对方的声音，画面之后会自动恢复。',
  theirScreenPaused: '对方的屏幕共享已暂停：目前网络只够传送对方的声音，之后会自动恢复。',
};

/** In every language of the page. */
export const stageWords = { en, zh };
