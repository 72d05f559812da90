/** Beside the picture: chat and files. */
import {
  breakable,
  fullDisk,
  interrupt,
  lasting,
  says,
  severable,
  slowDisk,
  withoutPicker,
} from '../played.js';
import {
  answer,
  call,
  fileIs,
  inState,
  offer,
  openChat,
  prepared,
  settle,
  wake,
  write,
} from '../steps.js';

const MB = 1e6;
const FILM = 'Summer in the mountains, the second week, with everybody.mp4';

/** Two who write to each other. */
async function conversation(tools) {
  const { ada, ben } = await call(tools);
  await openChat(ada, ben);
  await write(ada, 'Have you seen the plan for the weekend?');
  await write(ben, 'Not yet, send it over 🦜');
  await write(ada, 'The train is at 9:40, see https://example.org/timetable');
  return { ada, ben };
}

/** A film that Ben sends, which has come halfway. */
async function halfAFilm(tools) {
  const { ada, ben } = await call(
    prepared(tools, async (page) => {
      await slowDisk(page);
      await breakable(page);
    }),
  );
  await openChat(ada, ben);
  await offer(ben, [FILM, 9 * MB]);
  await answer(ada, FILM);
  await ada.waitForFunction(() => {
    const bar = document.querySelector('progress');
    return bar && bar.value / bar.max > 0.3;
  });
  return { ada, ben };
}

export const BESIDE = {
  async 'chat-empty'(tools) {
    const { ada } = await call(tools);
    await openChat(ada);
    return ada;
  },
  async chat(tools) {
    return (await conversation(tools)).ada;
  },
  async 'chat-long'(tools) {
    const { ada, ben } = await conversation(tools);
    for (let line = 0; line < 6; line += 1) {
      await write(
        ben,
        'One more thing: the hut has no kettle, so bring a pot, and tea for all of us.',
      );
      await write(ada, 'Aha');
    }
    await ada.locator('.compose textarea').fill('x'.repeat(20_000));
    await ada.locator('.compose .send').click();
    await ada.waitForSelector('.compose-problem');
    return ada;
  },
  async 'chat-undelivered'(tools) {
    const { ada, ben } = await conversation(prepared(tools, severable));
    await ben.evaluate(() => globalThis.loseServer());
    await ben.goto('about:blank');
    await inState(ada, 'reconnecting');
    await write(ada, 'Are you still there?');
    await ada.waitForFunction(() => /Not delivered|尚未送达/.test(document.body.innerText));
    return ada;
  },
  async 'chat-news'(tools) {
    const { ada, ben } = await call(prepared(tools, (page) => lasting(page, 6000)));
    await openChat(ben);
    await write(ben, 'Look, a toucan on the balcony');
    await ada.waitForSelector('.news button');
    return ada;
  },
  async 'chat-unread'(tools) {
    const { ada, ben } = await call(tools);
    await openChat(ben);
    for (let line = 0; line < 12; line += 1) await write(ben, `${line}`);
    await ada.waitForSelector('.news button');
    await ada.waitForSelector('.news button', { hidden: true });
    await wake(ada);
    return ada;
  },
  async 'files-offered'(tools) {
    const { ada, ben } = await conversation(tools);
    await offer(ada, ['Plan for the weekend.pdf', 0.2 * MB]);
    await offer(ben, [FILM, 9 * MB]);
    await ada.waitForSelector('.file-action.strong');
    return ada;
  },
  async 'files-news'(tools) {
    const { ada, ben } = await call(tools);
    await offer(ben, [FILM, 9 * MB]);
    await ada.waitForSelector('.news button');
    return ada;
  },
  async 'files-moving'(tools) {
    const { ada, ben } = await halfAFilm(tools);
    await offer(ada, ['Plan for the weekend.pdf', 9 * MB], ['Map.png', 9 * MB]);
    await answer(ben, 'Plan for the weekend.pdf');
    await answer(ben, 'Map.png');
    await fileIs(ada, 'queued');
    await settle(3000);
    return ada;
  },
  async 'files-interrupted'(tools) {
    const { ada } = await halfAFilm(tools);
    await interrupt(ada);
    await inState(ada, 'reconnecting');
    return ada;
  },
  async 'files-over'(tools) {
    const { ada, ben } = await call(
      prepared(tools, (page, who) => (who === 'ben' ? slowDisk(page) : withoutPicker(page))),
    );
    await openChat(ada, ben);
    const files = ['Plan.pdf', 'Map.png', 'Song.ogg', 'Film.mp4'];
    await offer(ada, ...files.map((name) => [name, 40 * MB]));
    await answer(ben, 'Plan.pdf', 1);
    await fileIs(ada, 'declined');
    await answer(ben, 'Map.png');
    await answer(ada, 'Song.ogg');
    await answer(ben, 'Map.png');
    await offer(ben, ['Recipe.txt', 1200], ['Cat.jpg', 3 * MB]);
    await answer(ada, 'Recipe.txt');
    await fileIs(ada, 'done');
    await answer(ada, 'Cat.jpg', 1);
    await settle(500);
    return ada;
  },
  async 'files-without-room'(tools) {
    const { ada, ben } = await call(
      prepared(tools, async (page, who) => {
        await (who === 'ben' ? fullDisk(page) : withoutPicker(page));
        // One is far larger than it is.
        await says(page, /"size":1234/, '"size":567800000000000', 'RTCDataChannel');
      }),
    );
    await openChat(ada, ben);
    await offer(ada, ['Plan for the weekend.pdf', 3 * MB]);
    await answer(ben, 'Plan for the weekend.pdf');
    await fileIs(ada, 'ended');
    await offer(ben, [FILM, 1234]);
    await answer(ada, FILM);
    await ada.waitForSelector('.file-trouble');
    return ada;
  },
  async 'files-dropped'(tools) {
    const { ada } = await call(tools);
    await ada.evaluate(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['x'], 'plan.pdf'));
      const init = { dataTransfer, bubbles: true, cancelable: true };
      document.querySelector('.stage').dispatchEvent(new DragEvent('dragover', init));
    });
    await ada.waitForSelector('.drop-here');
    return ada;
  },
  async 'files-folder'(tools) {
    const { ada } = await call(prepared(tools, (page) => lasting(page, 6000)));
    await ada.evaluate(() => {
      DataTransferItem.prototype.webkitGetAsEntry = () => ({ isDirectory: true });
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['x'], 'plans'));
      const init = { dataTransfer, bubbles: true, cancelable: true };
      document.querySelector('.stage').dispatchEvent(new DragEvent('drop', init));
    });
    await ada.waitForSelector('.drop-here.folder');
    return ada;
  },
};
