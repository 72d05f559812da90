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
};

/** In every language of the page. */
export const stageWords = { en, zh };
