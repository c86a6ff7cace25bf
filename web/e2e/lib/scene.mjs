// Two people drawn for photographs of a call: nobody real, and nothing but
// canvas. Sent into the page as text, so each stands alone.

/**
 * drawPerson sets window.__scene, which the drawn camera paints with.
 * @param {'anna' | 'ben'} who
 * @param {boolean} [chequered] a wall as fine as a camera sees it, to measure how sharp it is
 */
export function drawPerson(who, chequered = false) {
  const looks = {
    anna: {
      wall: ['#33456b', '#1b2540'], glow: '#ffd79a', skin: '#e8b48f', shade: '#c98d6a', hair: '#3a2119', long: true, beard: false,
      shirt: '#c8553d', collar: '#e9d8c4', lips: '#b4553f', iris: '#4a6b4f', glasses: false, lean: -0.02,
    },
    ben: {
      wall: ['#dfe9e2', '#b7cdc0'], glow: '#ffffff', skin: '#a86f4b', shade: '#8a5636', hair: '#1c1512', long: false, beard: true,
      shirt: '#2f5d62', collar: '#f2efe6', lips: '#7c3f33', iris: '#3a2a1c', glasses: true, lean: 0.03,
    },
  };
  const l = looks[who];
  const oval = (g, x, y, rx, ry, fill, turn = 0) => {
    g.beginPath();
    g.ellipse(x, y, rx, ry, turn, 0, Math.PI * 2);
    g.fillStyle = fill;
    g.fill();
  };
  const room = (g, w, h) => {
    const wall = g.createLinearGradient(0, 0, w, h);
    wall.addColorStop(0, l.wall[0]);
    wall.addColorStop(1, l.wall[1]);
    g.fillStyle = wall;
    g.fillRect(0, 0, w, h);
    if (who === 'anna') {
      const light = g.createRadialGradient(w * 0.84, h * 0.3, 10, w * 0.84, h * 0.3, h * 0.62);
      light.addColorStop(0, 'rgba(255,215,154,.85)');
      light.addColorStop(1, 'rgba(255,215,154,0)');
      g.fillStyle = light;
      g.fillRect(0, 0, w, h);
      g.fillStyle = '#8c6a4a';
      g.fillRect(w * 0.835, h * 0.36, w * 0.01, h * 0.64);
      g.fillStyle = l.glow;
      g.beginPath();
      g.moveTo(w * 0.79, h * 0.36);
      g.lineTo(w * 0.815, h * 0.2);
      g.lineTo(w * 0.865, h * 0.2);
      g.lineTo(w * 0.89, h * 0.36);
      g.fill();
      const books = ['#b5533c', '#d9a441', '#5d7a8c', '#e6dcc6', '#7d4f6d', '#48695c', '#c98a4b', '#39506b'];
      g.fillStyle = '#5b3f2c';
      g.fillRect(w * 0.03, h * 0.43, w * 0.24, h * 0.02);
      books.forEach((c, i) => {
        const tall = h * (0.13 + ((i * 37) % 5) * 0.014);
        g.fillStyle = c;
        g.fillRect(w * (0.04 + i * 0.026), h * 0.43 - tall, w * 0.022, tall);
      });
    } else {
      g.fillStyle = '#f7fbff';
      g.fillRect(w * 0.06, h * 0.08, w * 0.26, h * 0.5);
      const sky = g.createLinearGradient(0, h * 0.1, 0, h * 0.56);
      sky.addColorStop(0, '#9cc9ec');
      sky.addColorStop(1, '#e3f1f7');
      g.fillStyle = sky;
      g.fillRect(w * 0.075, h * 0.105, w * 0.23, h * 0.45);
      g.save();
      g.beginPath();
      g.rect(w * 0.075, h * 0.105, w * 0.23, h * 0.45);
      g.clip();
      oval(g, w * 0.14, h * 0.56, w * 0.09, h * 0.09, '#7fa779');
      oval(g, w * 0.25, h * 0.58, w * 0.08, h * 0.12, '#6a9468');
      g.restore();
      g.fillStyle = '#8fa69a';
      g.fillRect(w * 0.06, h * 0.555, w * 0.26, h * 0.035);
      g.fillStyle = '#f7fbff';
      g.fillRect(w * 0.185, h * 0.1, w * 0.012, h * 0.46);
      g.fillStyle = '#c0693f';
      g.fillRect(w * 0.83, h * 0.52, w * 0.075, h * 0.13);
      for (let i = -3; i <= 3; i++) oval(g, w * 0.867 + i * w * 0.02, h * (0.42 + Math.abs(i) * 0.022), w * 0.014, h * 0.12, i % 2 ? '#3f7350' : '#55906a', i * 0.32);
      g.fillStyle = '#9c8468';
      g.fillRect(w * 0.76, h * 0.65, w * 0.24, h * 0.018);
    }
  };
  const start = performance.now();
  window.__scene = (g, w, h) => {
    const t = (performance.now() - start) / 1000;
    const u = Math.min(h, w * 1.1) / 100; // everything is measured in hundredths of this
    if (chequered) {
      g.fillStyle = '#24324f';
      g.fillRect(0, 0, w, h);
      g.fillStyle = '#dfe9e2';
      for (let y = 0; y < h; y += 6) for (let x = (y / 6) % 2 * 6; x < w; x += 12) g.fillRect(x, y, 6, 6);
    } else room(g, w, h);
    g.save();
    g.translate(w * (0.5 + l.lean) + Math.sin(t * 0.9) * u * 0.8, h * 0.46 + Math.sin(t * 1.7) * u * 0.4);
    g.rotate(Math.sin(t * 0.7) * 0.02 + l.lean);
    if (l.long) {
      oval(g, 0, u * 2, u * 21, u * 27, l.hair);
      oval(g, -u * 15, u * 18, u * 8, u * 20, l.hair, 0.1);
      oval(g, u * 15, u * 18, u * 8, u * 20, l.hair, -0.1);
    }
    oval(g, 0, u * 62, u * 40, u * 31, l.shirt);
    g.fillStyle = l.shade;
    g.fillRect(-u * 6.5, u * 14, u * 13, u * 19);
    oval(g, 0, u * 33, u * 11, u * 5, l.shade);
    g.strokeStyle = l.collar;
    g.lineWidth = u * 1.6;
    g.beginPath();
    g.ellipse(0, u * 33, u * 12, u * 6, 0, 0, Math.PI);
    g.stroke();
    oval(g, -u * 16, u * 1, u * 2.6, u * 4.2, l.shade);
    oval(g, u * 16, u * 1, u * 2.6, u * 4.2, l.shade);
    if (l.beard) oval(g, 0, u * 4.5, u * 15.6, u * 18.5, l.hair);
    oval(g, 0, l.beard ? -u * 1 : 0, u * 15.5, l.beard ? u * 17.5 : u * 20, l.skin);
    if (l.beard) {
      g.beginPath();
      g.ellipse(0, u * 6, u * 15.3, u * 15, 0, 0.12 * Math.PI, 0.88 * Math.PI);
      g.fillStyle = l.hair;
      g.fill();
    }
    oval(g, -u * 8.5, u * 5, u * 3.2, u * 2, 'rgba(220,110,90,.22)');
    oval(g, u * 8.5, u * 5, u * 3.2, u * 2, 'rgba(220,110,90,.22)');
    const blink = t % 4.3 > 4.17 ? 0.12 : 1;
    for (const side of [-1, 1]) {
      oval(g, side * u * 6, -u * 1.5, u * 2.5, u * 1.7 * blink, '#fdfaf5');
      if (blink === 1) {
        oval(g, side * u * 6 + Math.sin(t * 0.6) * u * 0.5, -u * 1.4, u * 1.25, u * 1.4, l.iris);
        oval(g, side * u * 6 + Math.sin(t * 0.6) * u * 0.5, -u * 1.4, u * 0.6, u * 0.7, '#120c08');
        oval(g, side * u * 6 + u * 0.5, -u * 1.9, u * 0.35, u * 0.35, '#fff');
      }
      g.strokeStyle = l.hair;
      g.lineWidth = u * (l.beard ? 1.3 : 0.9);
      g.lineCap = 'round';
      g.beginPath();
      g.arc(side * u * 6, u * 0.6, u * 5.6, -Math.PI / 2 - 0.55, -Math.PI / 2 + 0.55);
      g.stroke();
    }
    g.strokeStyle = l.shade;
    g.lineWidth = u * 0.9;
    g.beginPath();
    g.moveTo(u * 0.2, -u * 0.5);
    g.quadraticCurveTo(u * 2.4, u * 5, -u * 0.6, u * 5.2);
    g.stroke();
    g.beginPath();
    const smile = u * (2.6 + Math.sin(t * 1.3) * 0.5);
    g.moveTo(-u * 4.6, u * 9.6);
    g.quadraticCurveTo(0, u * 9.6 + smile * 2, u * 4.6, u * 9.6);
    g.quadraticCurveTo(0, u * 9.8 + smile * 0.5, -u * 4.6, u * 9.6);
    g.fillStyle = '#fff6ef';
    g.fill();
    g.strokeStyle = l.lips;
    g.lineWidth = u * 0.8;
    g.stroke();
    if (l.glasses) {
      g.strokeStyle = '#2b2f36';
      g.lineWidth = u * 0.7;
      for (const side of [-1, 1]) {
        g.beginPath();
        g.roundRect(side * u * 6 - u * 4.4, -u * 5, u * 8.8, u * 7, u * 2.6);
        g.stroke();
      }
      g.beginPath();
      g.moveTo(-u * 1.6, -u * 2.4);
      g.quadraticCurveTo(0, -u * 3.4, u * 1.6, -u * 2.4);
      g.stroke();
    }
    g.beginPath();
    if (l.long) {
      g.moveTo(-u * 17, u * 5);
      g.bezierCurveTo(-u * 21, -u * 33, u * 21, -u * 33, u * 17, u * 5);
      g.bezierCurveTo(u * 15, -u * 8, u * 8, -u * 13, -u * 3, -u * 13);
      g.bezierCurveTo(-u * 9, -u * 11, -u * 15, -u * 6, -u * 17, u * 5);
    } else {
      g.moveTo(-u * 16, -u * 2);
      g.bezierCurveTo(-u * 20, -u * 28, u * 20, -u * 28, u * 16, -u * 2);
      g.bezierCurveTo(u * 14, -u * 10, u * 11, -u * 12, 0, -u * 12);
      g.bezierCurveTo(-u * 11, -u * 12, -u * 14, -u * 10, -u * 16, -u * 2);
    }
    g.fillStyle = l.hair;
    g.fill();
    g.restore();
  };
}

/**
 * lens sets window.__sharp: how much neighbouring points of a picture differ, on the wall and in the face.
 * @param {string} [id] which picture; the first that is seen where not given
 */
export function lens(id) {
  const canvas = document.createElement('canvas');
  canvas.width = 640;
  canvas.height = 480;
  const g = canvas.getContext('2d', { willReadFrequently: true });
  const energy = (x0, y0, w, h) => {
    const { data } = g.getImageData(x0, y0, w, h);
    let sum = 0;
    for (let y = 0; y < h; y++) {
      for (let x = 0; x + 6 < w; x++) sum += Math.abs(data[4 * (y * w + x) + 1] - data[4 * (y * w + x + 6) + 1]);
    }
    return sum / (h * (w - 6));
  };
  window.__sharp = () => {
    const video = [...document.querySelectorAll('video')].find((v) => (!id || v.id === id) && v.srcObject && v.videoWidth > 0 && v.readyState >= 2 && v.checkVisibility());
    if (!video) return null;
    g.drawImage(video, 0, 0, 640, 480);
    return { wall: (energy(10, 20, 130, 200) + energy(500, 20, 130, 200)) / 2, face: energy(250, 160, 140, 130) };
  };
}
