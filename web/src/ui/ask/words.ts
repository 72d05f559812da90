/** What is said of a call that is asked for first. */
export const askWords = {
  en: {
    ask: 'Ask before connecting',
    about: 'Nothing is connected before one of you presses Call.',
    waiting: 'When someone opens it, either of you can start the call.',
    left: 'They left. When they are back, either of you can start the call.',
    heading: 'The other person is here',
    named: (name: string) => `${name} is here`,
    lead: 'Either of you can start the call.',
    call: 'Call',
  },
  zh: {
    ask: '接通前先确认',
    about: '有一方按下“呼叫”之前，不会建立任何连接。',
    waiting: '有人打开链接后，你们任何一方都可以开始通话。',
    left: '对方离开了。对方回来后，你们任何一方都可以开始通话。',
    heading: '对方到了',
    named: (name: string) => `${name} 到了`,
    lead: '你们任何一方都可以开始通话。',
    call: '呼叫',
  },
};
