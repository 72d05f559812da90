/**
 * Two drawn people for the cameras of the screenshots, as Motion JPEG files that Chromium plays as
 * a fake camera. Drawn in a page of the browser itself, so that nothing else is needed.
 */
import { writeFile } from 'node:fs/promises';

const WIDTH = 1280;
const HEIGHT = 720;
const FRAMES = 24;

/** Looks of the two. Colours are CSS colours. */
export const PEOPLE = {
  ada: {
    wall: ['#e9c9a4', '#d79a72'],
    floor: '#8a5a44',
    skin: '#e0a883',
    shade: '#c98a68',
    hair: '#3a2320',
    shirt: '#2f6f73',
    collar: '#e9f0e6',
    long: true,
    props: 'window',
  },
  ben: {
    wall: ['#31445f', '#1d2a40'],
    floor: '#151d2d',
    skin: '#8d5a3f',
    shade: '#754832',
    hair: '#17110f',
    shirt: '#e2793b',
    collar: '#f3d9b8',
    long: false,
    props: 'shelf',
  },
};

/** Draws one person's film and writes it to `file`. */
export async function writeFilm(browser, person, file) {
  const page = await browser.newPage();
  try {
    const frames = await page.evaluate(drawFrames, person, WIDTH, HEIGHT, FRAMES);
    await writeFile(file, Buffer.concat(frames.map((frame) => Buffer.from(frame, 'base64'))));
  } finally {
    await page.close();
  }
}

/** Runs inside the page. */
function drawFrames(person, width, height, count) {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const g = canvas.getContext('2d');

  const ellipse = (x, y, rx, ry, fill, turn = 0) => {
    g.fillStyle = fill;
    g.beginPath();
    g.ellipse(x, y, rx, ry, turn, 0, 2 * Math.PI);
    g.fill();
  };
  const box = (x, y, w, h, r, fill) => {
    g.fillStyle = fill;
    g.beginPath();
    g.roundRect(x, y, w, h, r);
    g.fill();
  };

  const room = () => {
    const wall = g.createLinearGradient(0, 0, width, height);
    wall.addColorStop(0, person.wall[0]);
    wall.addColorStop(1, person.wall[1]);
    g.fillStyle = wall;
    g.fillRect(0, 0, width, height);
    if (person.props === 'window') {
      box(120, 70, 300, 360, 10, '#fff3df');
      box(134, 84, 129, 332, 4, '#bfe0ea');
      box(277, 84, 129, 332, 4, '#cfe9ee');
      ellipse(210, 420, 120, 60, '#8fbf9a');
      ellipse(350, 430, 110, 50, '#7db08a');
      box(106, 416, 328, 26, 6, '#fff3df');
      box(1010, 430, 120, 120, 18, '#c5603a');
      for (const [dx, dy, turn] of [
        [-60, -70, -0.7],
        [0, -110, 0],
        [60, -70, 0.7],
        [-30, -90, -0.3],
        [34, -92, 0.35],
      ]) {
        ellipse(1070 + dx, 430 + dy / 1.4, 26, 92, '#4f7f5c', turn);
      }
    } else {
      for (const y of [190, 370]) {
        box(790, y, 400, 14, 4, '#5b4636');
        let x = 806;
        for (const [w, h, c] of [
          [30, 110, '#c9605a'],
          [24, 96, '#e0b45c'],
          [36, 122, '#5d8aa8'],
          [22, 90, '#d9d2c3'],
          [30, 114, '#6f9a72'],
          [26, 100, '#a56b8f'],
        ]) {
          box(x, y - h, w, h, 3, c);
          x += w + 6;
        }
        ellipse(1110, y - 34, 36, 34, '#caa27a');
      }
      const lamp = g.createRadialGradient(210, 250, 10, 210, 250, 330);
      lamp.addColorStop(0, 'rgba(255, 205, 130, .75)');
      lamp.addColorStop(1, 'rgba(255, 205, 130, 0)');
      g.fillStyle = lamp;
      g.fillRect(0, 0, 620, 640);
      box(203, 270, 14, 330, 4, '#7a5f45');
      g.fillStyle = '#ffe2b0';
      g.beginPath();
      g.moveTo(150, 290);
      g.lineTo(178, 190);
      g.lineTo(242, 190);
      g.lineTo(270, 290);
      g.fill();
    }
    g.fillStyle = person.floor;
    g.fillRect(0, 640, width, 80);
  };

  const figure = (t) => {
    const sway = Math.sin(t) * 6;
    const nod = Math.sin(2 * t) * 4;
    const x = width / 2 + sway;
    const y = 318 + nod;
    if (person.long) {
      ellipse(x, y + 20, 168, 196, person.hair);
      box(x - 166, y + 10, 332, 250, 90, person.hair);
    }
    // Shoulders, neck, collar
    g.fillStyle = person.shirt;
    g.beginPath();
    g.moveTo(x - 330, height);
    g.bezierCurveTo(x - 320, 560, x - 200, 540, x - 70, 510);
    g.lineTo(x + 70, 510);
    g.bezierCurveTo(x + 200, 540, x + 320, 560, x + 330, height);
    g.fill();
    g.fillStyle = person.collar;
    g.beginPath();
    g.moveTo(x - 92, 506);
    g.quadraticCurveTo(x, 640, x + 92, 506);
    g.fill();
    box(x - 54, y + 100, 108, 128, 40, person.shade);
    ellipse(x, y + 226, 56, 34, person.shade);
    // Ears, head, hair
    ellipse(x - 124, y + 16, 22, 34, person.shade);
    ellipse(x + 124, y + 16, 22, 34, person.shade);
    ellipse(x, y, 126, 158, person.skin);
    g.fillStyle = person.hair;
    g.beginPath();
    if (person.long) {
      g.moveTo(x - 134, y + 34);
      g.bezierCurveTo(x - 150, y - 232, x + 150, y - 232, x + 134, y + 34);
      g.bezierCurveTo(x + 116, y - 60, x + 60, y - 92, x - 30, y - 96);
      g.bezierCurveTo(x - 80, y - 80, x - 112, y - 40, x - 134, y + 34);
    } else {
      g.moveTo(x - 130, y - 20);
      g.bezierCurveTo(x - 150, y - 224, x + 150, y - 224, x + 130, y - 20);
      g.bezierCurveTo(x + 112, y - 96, x + 60, y - 104, x, y - 104);
      g.bezierCurveTo(x - 60, y - 104, x - 112, y - 96, x - 130, y - 20);
    }
    g.fill();
    // Face
    const blink = Math.sin(t + 1) > 0.98 ? 0.15 : 1;
    for (const side of [-1, 1]) {
      ellipse(x + side * 46, y + 6, 13, 14 * blink, '#2a1c18');
      if (blink === 1) ellipse(x + side * 46 + 4, y + 1, 4, 4, '#fff');
      g.strokeStyle = person.hair;
      g.lineWidth = 9;
      g.lineCap = 'round';
      g.beginPath();
      g.moveTo(x + side * 28, y - 34);
      g.quadraticCurveTo(x + side * 48, y - 44, x + side * 68, y - 32);
      g.stroke();
      ellipse(x + side * 74, y + 54, 24, 15, 'rgba(220, 90, 70, .22)');
    }
    g.strokeStyle = person.shade;
    g.lineWidth = 8;
    g.beginPath();
    g.moveTo(x + 2, y + 10);
    g.quadraticCurveTo(x + 16, y + 44, x - 4, y + 48);
    g.stroke();
    g.fillStyle = '#7d2f2c';
    g.beginPath();
    g.moveTo(x - 44, y + 78);
    g.quadraticCurveTo(x, y + 128 + 6 * Math.sin(3 * t), x + 44, y + 78);
    g.quadraticCurveTo(x, y + 92, x - 44, y + 78);
    g.fill();
  };

  return Array.from({ length: count }, (_, i) => {
    room();
    figure((2 * Math.PI * i) / count);
    return canvas.toDataURL('image/jpeg', 0.9).split(',')[1];
  });
}
