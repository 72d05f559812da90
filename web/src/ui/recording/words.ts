/** What is said about a recording. */
const en = {
  record: 'Record',
  stop: 'Stop recording',
  recording: 'Recording',
  untold: 'Recording. Their page cannot say so: tell them yourself.',
  theyRecord: 'They are recording this call',
  theyStopped: 'They have stopped recording',
  saved: 'The recording is saved',
  failed:
    'The recording ended, as no more could be written. Make room on the disk, and record anew.',
  impossible: 'This browser could not begin to record. Close other tabs, and try again.',
  fileName: (when: string) => `Call ${when}`,
  film: 'Film',
};

const zh: typeof en = {
  record: '录制',
  stop: '停止录制',
  recording: '正在录制',
  untold: '正在录制。对方的页面无法显示这一点，请亲口告诉对方。',
  theyRecord: '对方正在录制这次通话',
  theyStopped: '对方已停止录制',
  saved: '录制内容已保存',
  failed: '无法继续写入，录制已结束。请腾出磁盘空间后重新录制。',
  impossible: '这个浏览器无法开始录制。请关闭其他标签页后重试。',
  fileName: (when: string) => `通话 ${when}`,
  film: '影片',
};

/** In every language of the page. */
export const recordingWords = { en, zh };
