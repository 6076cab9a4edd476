// The worker of a console: it speaks with the daemon and paints, whatever the page is busy with.

import { Talk, type Screen } from './socket';
import { PROTOCOL, type Order, type Report } from './words';

const report = (report: Report): void => postMessage(report);

let socket: WebSocket | undefined;
let talk: Talk | undefined;
let screen: Screen | undefined;

/** A canvas as a screen to paint on. */
function on(canvas: OffscreenCanvas): Screen {
  // Synchronised with the display no picture would be seen earlier; this way some are.
  const context = canvas.getContext('2d', { alpha: false, desynchronized: true });
  if (context === null) throw new Error('no canvas');
  return {
    resize(width, height) {
      canvas.width = width;
      canvas.height = height;
    },
    paint(rectangles) {
      for (const { x, y, width, height, pixels } of rectangles) {
        context.putImageData(new ImageData(pixels, width, height), x, y);
      }
    },
  };
}

function open(url: string, to: Screen): void {
  const opening = new WebSocket(url, PROTOCOL);
  opening.binaryType = 'arraybuffer';
  socket = opening;
  opening.onopen = () => {
    talk = new Talk(opening, to, report);
    report({ is: 'open' });
  };
  opening.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
    if (typeof data === 'string') talk?.text(data);
    else talk?.binary(new Uint8Array(data));
  };
  opening.onclose = ({ code, reason }) => {
    talk?.end();
    talk = undefined;
    if (socket === opening) report({ is: 'closed', code, reason });
  };
}

onmessage = ({ data: order }: MessageEvent<Order>) => {
  switch (order.do) {
    case 'open':
      screen = on(order.canvas);
      open(order.url, screen);
      break;
    case 'again':
      if (screen !== undefined) open(order.url, screen);
      break;
    case 'close':
      socket?.close(1000);
      socket = undefined;
      talk?.end();
      talk = undefined;
      break;
    case 'watch':
      talk?.say({ type: order.on ? 'watch' : 'unwatch' });
      break;
    case 'keys':
      talk?.hold(order.held);
      break;
    case 'point':
      talk?.say(order.said);
      break;
    case 'take':
      talk?.say({ type: 'take' });
      break;
    case 'alive':
      talk?.alive();
      break;
  }
};
