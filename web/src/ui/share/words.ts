/** What is said about a screen that is shown. */
const en = {
  share: 'Share screen',
  stop: 'Stop sharing',
  sharing: 'You are sharing your screen',
  theyShare: 'They are sharing their screen',
  failed:
    'The screen could not be shared. Choose another window, or allow your browser to record the screen in the settings of your system.',
};

const zh: typeof en = {
  share: '共享屏幕',
  stop: '停止共享',
  sharing: '你正在共享屏幕',
  theyShare: '对方正在共享屏幕',
  failed: '无法共享屏幕。请选择别的窗口，或在系统设置中允许浏览器录制屏幕。',
};

/** In every language of the page. */
export const shareWords = { en, zh };
